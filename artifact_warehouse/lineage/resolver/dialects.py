"""The differences between SQL dialects that the origins of columns depend on."""

from __future__ import annotations

from typing import NamedTuple

_OF_ADAPTER = {
    **{
        name: name for name in ("athena", "bigquery", "clickhouse", "databricks", "doris", "dremio", "duckdb", "exasol")
    },
    **{name: name for name in ("fabric", "hive", "materialize", "mysql", "oracle", "postgres", "presto", "redshift")},
    **{name: name for name in ("risingwave", "singlestore", "snowflake", "spark", "sqlite", "starrocks", "teradata")},
    **dict.fromkeys(("firebolt", "greenplum", "rpostgres", "vertica"), "postgres"),
    **dict.fromkeys(("fabricspark", "glue"), "spark"),
    **dict.fromkeys(("mariadb", "mysql5", "tidb"), "mysql"),
    **dict.fromkeys(("sqlserver", "synapse"), "tsql"),
    **dict.fromkeys(("starburst", "trino"), "trino"),
    **{"athenasql": "athena", "databend": "snowflake", "impala": "hive"},
}
"""sqlglot's name of the dialect of each dbt adapter."""

NEAREST = {
    "athena": ("trino",),
    "bigquery": ("databricks",),
    "databricks": ("spark", "snowflake"),
    "duckdb": ("snowflake", "postgres"),
    "postgres": ("redshift", "duckdb"),
    "redshift": ("postgres", "snowflake"),
    "snowflake": ("databricks", "duckdb"),
    "spark": ("databricks",),
    "trino": ("presto", "snowflake"),
}
"""The dialects to try where a text cannot be parsed in its own."""

_LATERAL_ALIASES = {"clickhouse", "databricks", "duckdb", "redshift", "snowflake", "spark", "teradata"}
_ARRAY_PATHS = {None, "bigquery", "clickhouse", "presto", "redshift", "trino"}


_NAME_ITEMS = {None, "bigquery"}
"""Dialects where UNNEST makes one named value, whose fields are columns as well."""

_VALUES_COLUMNS: dict[str | None, tuple[str, int]] = {
    **dict.fromkeys(("databricks", "hive", "spark"), ("col", 1)),
    **dict.fromkeys(("athena", "presto", "trino"), ("_col", 0)),
    **dict.fromkeys(("mysql", "doris", "starrocks", "singlestore"), ("column_", 0)),
    "clickhouse": ("c", 1),
    "duckdb": ("col", 0),
}
"""The prefix and the first number of the columns of VALUES; elsewhere they are column1, column2."""


class Dialect(NamedTuple):
    """One dialect. `name` is None where it is unknown; SQL is read in sqlglot's own dialect then."""

    name: str | None
    has_lateral_aliases: bool
    """A select list's aliases can be used in the list itself, and in WHERE."""
    prefers_aliases: bool
    """An alias hides the column of its name."""
    joins_array_paths: bool
    """FROM t, t.items reads the items of t's rows."""

    lists_unnested: bool
    """The column list after UNNEST is complete."""

    def values_column(self, index: int) -> str:
        """The name of an unnamed column of VALUES, counted from 0."""
        prefix, first = _VALUES_COLUMNS.get(self.name, ("column", 1))
        return f"{prefix}{index + first}"


def dialect_of(name: str | None) -> Dialect:
    """The dialect of this name in sqlglot."""
    return Dialect(name, name in _LATERAL_ALIASES, name == "clickhouse", name in _ARRAY_PATHS, name not in _NAME_ITEMS)


def dialect_of_adapter(adapter_type: str | None) -> str | None:
    """The name of an adapter's dialect; None for an adapter that is not known here."""
    return _OF_ADAPTER.get((adapter_type or "").lower())
