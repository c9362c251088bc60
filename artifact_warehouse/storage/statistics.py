"""The figures of `status`: environments, artifacts, tables and quarantined files."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from artifact_warehouse.schema import TABLES
from artifact_warehouse.storage.sql_files import query

_BLOCK_BYTES = 262_144
"""The size of DuckDB's blocks, in which pragma_storage_info counts."""


def summary(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A line for each project and environment: its runs, and when the last one was."""
    return [
        f"{project or '(no project)'} {environment}: {count} runs"
        + (f", the last at {last:%Y-%m-%d %H:%M} UTC" if last else "")
        for project, environment, count, _, last in connection.sql(query("environments")).fetchall()
    ]


def file_status(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """The tables `environments`, `artifacts` and `quarantined` about the file."""
    queries = {
        "environments": query("environments"),
        "artifacts": "SELECT kind, status, count(*) AS artifacts, max(loaded_at) AS last_loaded_at "
        "FROM v1.artifacts GROUP BY ALL ORDER BY ALL",
        "quarantined": "SELECT uri, error FROM v1.artifacts WHERE status = 'quarantined' ORDER BY uri",
    }
    return {name: connection.sql(sql).to_arrow_table() for name, sql in queries.items()}


def table_sizes(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The rows and bytes of each table."""
    sizes = " UNION ALL ".join(
        f"SELECT 'stored.{t.name}' AS \"table\", (SELECT count(*) FROM stored.{t.name}) AS rows, "
        f"(SELECT count(DISTINCT block_id) FROM pragma_storage_info('stored.{t.name}') WHERE block_id >= 0) "
        f"* {_BLOCK_BYTES} AS bytes"
        for t in TABLES
    )
    return connection.sql(sizes).to_arrow_table()
