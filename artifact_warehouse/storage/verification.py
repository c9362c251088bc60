"""Checks a warehouse: the contract of its views, the integrity of its tables, the invariants of its answers.

Each check is a query whose rows are the faults. Without rows the check passes.
"""

from __future__ import annotations

import textwrap

import duckdb

from artifact_warehouse.storage import sql_files, views

_CONTRACT_HEADER = """\
-- The promise of schema {schema}, executable: every public view as typed NULLs, in the order of its columns.
-- `make contract` writes this file. Within {schema} lines are only added, at the end of a view. Load the file into
-- an empty database to develop against {schema} without data. It does not restate the table macros:
{macros}
"""

_ARTIFACT_TABLES = (
    "invocations",
    "node_executions",
    "batch_executions",
    "relation_stats",
    "source_freshness",
    "semantic_manifests",
    "settled_artifacts",
    "artifact_uris",
    "pruned_runs",
    "manifest_column_lineages",
    "dbt_column_edges",
)

_INTEGRITY = {
    "an artifact is stored twice": "FROM stored.artifacts GROUP BY artifact_id HAVING count(*) > 1",
    "a loaded artifact is missing in stored.settled_artifacts": (
        "FROM stored.artifacts ANTI JOIN stored.settled_artifacts USING (artifact_key) WHERE error IS NULL"
    ),
    "a row of stored.settled_artifacts is out of date": (
        "FROM (FROM internal.settled_artifacts EXCEPT FROM stored.settled_artifacts)"
    ),
    "a result is stored twice": ("FROM stored.node_executions GROUP BY artifact_key, unique_id HAVING count(*) > 1"),
    "a text is stored twice": "FROM stored.texts GROUP BY text_id HAVING count(*) > 1",
    "a definition is stored twice": "FROM stored.definitions GROUP BY definition_id HAVING count(*) > 1",
    "a rendering is stored twice": "FROM stored.renderings GROUP BY rendering_id HAVING count(*) > 1",
    "a set has a member twice": "FROM stored.set_members GROUP BY set_id, member_id HAVING count(*) > 1",
    "a manifest's definitions are missing": (
        "FROM stored.artifacts INNER JOIN stored.set_members ON set_id = graph_id "
        "ANTI JOIN stored.definitions ON definition_id = member_id"
    ),
    "a manifest's renderings are missing": (
        "FROM stored.artifacts INNER JOIN stored.set_members ON set_id = rendering_set_id "
        "ANTI JOIN stored.renderings ON rendering_id = member_id"
    ),
    "a catalog's relations are missing": (
        "FROM stored.artifacts INNER JOIN stored.set_members ON set_id = catalog_set_id "
        "ANTI JOIN stored.catalog_relations ON catalog_relation_id = member_id"
    ),
    "a definition's code is missing": (
        "FROM stored.definitions ANTI JOIN stored.texts ON text_id = raw_code_id WHERE raw_code_id IS NOT NULL"
    ),
    "a column lineage is stored twice": "FROM stored.column_lineages GROUP BY lineage_id HAVING count(*) > 1",
    "a column's edge has no lineage": "FROM stored.column_edges ANTI JOIN stored.column_lineages USING (lineage_id)",
    "a column's use has no lineage": "FROM stored.column_uses ANTI JOIN stored.column_lineages USING (lineage_id)",
    "inputs have two sets of lineages": "FROM stored.column_lineage_sets GROUP BY inputs_id HAVING count(*) > 1",
    "a manifest has two lineages": "FROM stored.manifest_column_lineages GROUP BY artifact_key HAVING count(*) > 1",
} | {
    f"stored.{name} has a row of no artifact": f"FROM stored.{name} ANTI JOIN stored.artifacts USING (artifact_key)"
    for name in _ARTIFACT_TABLES
}

_QUERIED_INTEGRITY = {
    "a run_results does not have all its results": "broken_run_results",
    "a lineage has a wrong count of columns": "broken_column_counts",
    "a manifest's lineages are missing": "missing_column_lineages",
    "a pruned artifact has rows": "rows_of_pruned_artifacts",
}
"""Checks with a long query, by the name of its file in sql/queries/."""


def verify(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The faults, a line each. Where the contract is broken, no other check is made."""
    return broken_contract(connection) or [*broken_views(connection), *broken_integrity(connection)]


def broken_integrity(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The faults of the tables: duplicate rows, rows without an artifact, references without a target."""
    queried = {name: f"FROM ({sql_files.query(query)})" for name, query in _QUERIED_INTEGRITY.items()}
    return _broken(connection, _INTEGRITY | queried)


def broken_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The faults of the public views: several rows with the same key, rates that are not between 0 and 1."""
    rates = {"a rate is not between 0 and 1": f"FROM ({sql_files.query('broken_rates')})"}
    return [*_repeated_grains(connection), *_broken(connection, rates)]


def broken_contract(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of a contract that the deployed views lack, or have at another place or with another type."""
    broken = []
    for schema in sql_files.public_schemas():
        promised = _contract_columns(sql_files.contract_sql(schema))
        deployed = _columns(connection, schema)
        for view, columns in promised.items():
            if deployed.get(view, [])[: len(columns)] != columns:
                differing = next(iter(set(columns) - set(deployed.get(view, []))), columns[0])
                broken.append(f"{schema}.{view} breaks its contract at {' '.join(differing)}; run migrate")
    return broken


def contract_of(connection: duckdb.DuckDBPyConnection, schema: str) -> str:
    """The text of contract.sql for the views that are deployed: what `make contract` writes."""
    macros = [file.name for file in views.public_views(schema) if file.kind == "macro"]
    restated = (_view_of_nulls(view, columns) for view, columns in _columns(connection, schema).items())
    return "\n".join([_CONTRACT_HEADER.format(schema=schema, macros=_wrapped(macros)), *restated])


def _view_of_nulls(view: str, columns: list[tuple[str, str]]) -> str:
    nulls = ",\n".join(f"    NULL::{data_type} AS {column}" for column, data_type in columns)
    return f"CREATE VIEW {view} AS SELECT\n{nulls}\nWHERE FALSE;\n"


def _wrapped(names: list[str]) -> str:
    return textwrap.fill(f"{', '.join(names)}.", width=118, initial_indent="-- ", subsequent_indent="-- ")


def _contract_columns(sql: str) -> dict[str, list[tuple[str, str]]]:
    with duckdb.connect() as empty:
        empty.execute(sql)
        return _columns(empty, "main")


def _columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, list[tuple[str, str]]]:
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = ? AND NOT internal "
        "ORDER BY table_name, column_index",
        [schema],
    ).fetchall()
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, data_type in rows:
        columns.setdefault(table, []).append((column, data_type))
    return columns


def _repeated_grains(connection: duckdb.DuckDBPyConnection) -> list[str]:
    broken = []
    for file in views.public_views():
        if file.kind == "view" and file.name != "node_ancestors":  # follows from the grain of node_edges
            keys = ", ".join(file.grain)
            found = _count(connection, f"FROM {file.full_name} GROUP BY {keys} HAVING count(*) > 1")
            if found:
                broken.append(f"{file.full_name} has several rows for {found} of its keys ({keys})")
    return broken


def _broken(connection: duckdb.DuckDBPyConnection, invariants: dict[str, str]) -> list[str]:
    found = {name: _count(connection, query) for name, query in invariants.items()}
    return [f"{name}: {count} time{'s' if count > 1 else ''}" for name, count in found.items() if count]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    [(count,)] = connection.execute(f"SELECT count(*) FROM (SELECT 1 {query})").fetchall()
    return int(count)
