"""What dialects of SQL differ in, as far as the origin of columns depends on it."""

from __future__ import annotations

from typing import NamedTuple

_OF_ADAPTER = {
    "athena": "athena",
    "athenasql": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "dremio": "dremio",
    "duckdb": "duckdb",
    "exasol": "exasol",
    "fabric": "fabric",
    "fabricspark": "spark",
    "firebolt": "postgres",
    "glue": "spark",
    "greenplum": "postgres",
    "hive": "hive",
    "mariadb": "mysql",
    "materialize": "materialize",
    "mysql": "mysql",
    "mysql5": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "risingwave": "risingwave",
    "rpostgres": "postgres",
    "singlestore": "singlestore",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "starrocks": "starrocks",
    "doris": "doris",
    "synapse": "tsql",
    "teradata": "teradata",
    "trino": "trino",
    "presto": "presto",
    "vertica": "postgres",
}
"""The dialect, as sqlglot calls it, of the databases that dbt's adapters are for."""

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


class Dialect(NamedTuple):
    """One dialect; `name` is None where it is unknown, and sqlglot's own is read."""

    name: str | None
    has_lateral_aliases: bool
    """A select list's aliases can be used in the list itself, and in WHERE."""
    prefers_aliases: bool
    """An alias hides the column of its name."""
    joins_array_paths: bool
    """FROM t, t.items reads the items of t's rows."""

    def values_column(self, index: int) -> str:
        """The name of a column of VALUES, counted from 0, that is given none."""
        return f"col{index}" if self.name == "duckdb" else f"column{index + 1}"


def dialect_of(name: str | None) -> Dialect:
    """The dialect that sqlglot calls so."""
    return Dialect(name, name in _LATERAL_ALIASES, name == "clickhouse", name in _ARRAY_PATHS)


def dialect_of_adapter(adapter_type: str | None) -> str | None:
    """The name of an adapter's dialect; None for an adapter that is not known here."""
    return _OF_ADAPTER.get((adapter_type or "").lower())
