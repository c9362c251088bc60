"""The format of a warehouse file: its tables, its views, and the notes in stored.meta."""

from __future__ import annotations

from pathlib import Path

import duckdb

from artifact_warehouse.errors import NotAWarehouse, WarehouseTooNew
from artifact_warehouse.schema import FORMAT_VERSION, TABLES
from artifact_warehouse.storage import views
from artifact_warehouse.storage.settling import settle
from artifact_warehouse.storage.sql_files import query
from artifact_warehouse.storage.transactions import transaction

SCHEMA = "stored"
"""The schema of the tables. Not `dbt`: no schema may have the name of the file, and users call the file dbt.duckdb."""

PRUNED_AT = "pruned_at"
"""The key of stored.meta for the time of the last prune."""

_FILLED = {"artifacts.started_at": "fill_artifact_times", "source_freshness.started_at": "fill_check_times"}
"""Columns that `migrate` fills from the JSON that an earlier release kept, and the query that does it."""

_DROP_KEY = "drop the primary key of stored.artifacts"
"""Earlier releases had one. Every load wrote its whole index anew: 4 ms of processor time for each 1,000 nights."""

_META = "CREATE TABLE IF NOT EXISTS stored.meta (key VARCHAR PRIMARY KEY, value VARCHAR)"


def migrate(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Bring tables and views up to date in one transaction. Returns the changes, a line each."""
    if not pending_changes(connection):
        return []
    with transaction(connection):
        done = pending_changes(connection)  # another thread may have been faster
        if done:
            added = _create_tables(connection)
            for name in added & _FILLED.keys():
                connection.execute(query(_FILLED[name]))
            views.deploy(connection)
            settle(connection)
            set_meta(connection, "format_version", str(FORMAT_VERSION))
            set_meta(connection, "views", views.fingerprint())
    return done


def pending_changes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The changes that `migrate` would make, a line each."""
    changes = missing_tables_and_columns(connection)
    if get_meta(connection, "views") != views.fingerprint():
        changes += [_DROP_KEY] if _has_key(connection) else []
        changes.append("deploy the views of this release")
    return changes


def missing_tables_and_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    live = _live_columns(connection)
    changes = []
    for table in TABLES:
        if table.name not in live:
            changes.append(f"create table stored.{table.name}")
        else:
            missing = [column for column in table.columns if column.name not in live[table.name]]
            changes += [f"add column stored.{table.name}.{column.name} {column.type}" for column in missing]
    return changes


def get_meta(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A value of stored.meta; None where it or the table is missing."""
    if not _has_table(connection, "stored", "meta"):
        return None
    rows = connection.execute("SELECT value FROM stored.meta WHERE key = ?", [key]).fetchall()
    return rows[0][0] if rows else None


def _create_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Create what is missing. Returns the columns that tables with rows have got, as table.column."""
    added = set()
    connection.execute("CREATE SCHEMA IF NOT EXISTS stored")
    connection.execute(_META)
    live = _live_columns(connection)
    for table in TABLES:
        connection.execute(table.create_sql())
        for column in table.columns:
            if table.name in live and column.name not in live[table.name]:
                connection.execute(f"ALTER TABLE stored.{table.name} ADD COLUMN {column.name} {column.type}")
                added.add(f"{table.name}.{column.name}")
    if _has_key(connection):
        connection.execute("CREATE TABLE stored.artifacts_without_key AS FROM stored.artifacts")
        connection.execute("DROP TABLE stored.artifacts")
        connection.execute("ALTER TABLE stored.artifacts_without_key RENAME TO artifacts")
    for table in TABLES:
        for comment in table.comment_sql():
            connection.execute(comment)
    return added


def _has_key(connection: duckdb.DuckDBPyConnection) -> bool:
    sql = (
        "SELECT 1 FROM duckdb_constraints() WHERE database_name = current_database() AND schema_name = 'stored' "
        "AND table_name = 'artifacts' AND constraint_type = 'PRIMARY KEY'"
    )
    return bool(connection.execute(sql).fetchall())


def set_meta(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a value of stored.meta."""
    connection.execute("INSERT OR REPLACE INTO stored.meta VALUES (?, ?)", [key, value])


def check_format(connection: duckdb.DuckDBPyConnection, path: Path, must_have_tables: bool) -> None:
    """Raises NotAWarehouse or WarehouseTooNew. With `must_have_tables`, a database without tables is an error too."""
    version = get_meta(connection, "format_version")
    if version is None and _has_objects(connection):
        raise NotAWarehouse(str(path), "is a DuckDB file, but not a warehouse; name another file")
    if version is None and must_have_tables:
        raise NotAWarehouse(str(path), "is a DuckDB file without tables; `load` makes a warehouse of it")
    if version is not None and int(version) > FORMAT_VERSION:
        reason = f"has format {version}, and this release knows up to {FORMAT_VERSION}; upgrade artifact-warehouse"
        raise WarehouseTooNew(str(path), reason)


def _has_objects(connection: duckdb.DuckDBPyConnection) -> bool:
    sql = "SELECT 1 FROM information_schema.tables WHERE table_catalog = current_database() LIMIT 1"
    return bool(connection.execute(sql).fetchall())


def _has_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    sql = (
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? AND table_name = ?"
    )
    return bool(connection.execute(sql, [schema, name]).fetchall())


def _live_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    rows = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'stored' GROUP BY table_name"
    ).fetchall()
    return {name: set(names) for name, names in rows}
