"""The DuckDB file: making it, opening it, keeping its format, and transactions.

Knows which tables there are, and nothing of what is in them.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse import newfile, refusals, sqlfiles, views
from artifact_warehouse.errors import (
    NotAWarehouse,
    WarehouseError,
    WarehouseLocked,
    WarehouseNotFound,
    WarehouseTooNew,
    WarehouseTooOld,
)
from artifact_warehouse.schema import FORMAT_VERSION, TABLES

SCHEMA = "stored"
"""The schema of the tables. Not `dbt`: no schema may be called like the file, and users call it dbt.duckdb."""

STORAGE_VERSION = "v1.3.0"
"""Readable by DuckDB 1.3 to 2.0, and a third of the size of what 1.2 can read."""

_CONFIG: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",  # a missing table must not become a variable of the caller's
    # DuckDB 2.0.0 can lose the matches of a LEFT JOIN when views that are joined share a part.
    *(("SET disabled_optimizers = 'common_subplan'",) if duckdb.__version__ == "2.0.0" else ()),
)
_BLOCK_BYTES = 262_144
PRUNED_AT = "pruned_at"
"""The key of stored.meta that says when artifacts were last pruned."""
_META = "CREATE TABLE IF NOT EXISTS stored.meta (key VARCHAR PRIMARY KEY, value VARCHAR)"


@contextmanager
def opened(
    path: Path, read_only: bool = False, wait: float = 0.0, may_be_old: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for a while; `wait` seconds at most for a lock. Creates the file unless read_only.

    Raises WarehouseError too where the file cannot be read or written to the end: when the disk is full.
    """
    connection = connect(path, read_only, wait, may_be_old)
    try:
        yield connection
    except refusals.BROKEN_OFF as error:
        raise refusals.broken_off(path, str(error)) from error
    finally:
        connection.close()


def connect(
    path: Path, read_only: bool = False, wait: float = 0.0, may_be_old: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open a warehouse, and check that it is one of a known format.

    Raises WarehouseNotFound, WarehouseLocked, WarehouseTooNew, WarehouseTooOld, NotAWarehouse, or WarehouseError
    where the file cannot be opened for another reason.
    """
    if read_only and not path.exists():
        raise WarehouseNotFound(str(path), "there is no such warehouse; `load` makes one")
    check_place(path)
    connection = _connect_patiently(path, read_only, wait)
    try:
        _check_format(connection, path, is_final=read_only and not may_be_old)
        if read_only and not may_be_old and _missing_tables_and_columns(connection):
            raise WarehouseTooOld(str(path), "an earlier release wrote it; bring it up to date with `migrate`")
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def check_place(path: Path) -> None:
    """Raises WarehouseError where no warehouse can be."""
    if (name := path.name.split(".")[0]) in (SCHEMA, *sqlfiles.schemas()):
        reason = f"DuckDB would take the file's name for the schema {name}; give it another name"
        raise WarehouseError(str(path), reason)
    if not path.parent.is_dir():
        raise WarehouseError(str(path), f"the folder {path.parent} does not exist; create it first")


def migrate(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Bring tables and views up to date in one transaction; returns what was done."""
    if not pending_changes(connection):
        return []
    with transaction(connection):
        done = pending_changes(connection)  # another thread may have been faster
        if done:
            _create_tables(connection)
            views.deploy(connection)
            set_meta(connection, "format_version", str(FORMAT_VERSION))
            set_meta(connection, "views", views.fingerprint())
    return done


def pending_changes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What `migrate` would do, a line each; changes nothing."""
    changes = _missing_tables_and_columns(connection)
    if get_meta(connection, "views") != views.fingerprint():
        changes.append("deploy the views of this release")
    return changes


def _missing_tables_and_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    live = _live_columns(connection)
    changes = []
    for table in TABLES:
        if table.name not in live:
            changes.append(f"create table stored.{table.name}")
        else:
            missing = [column for column in table.columns if column.name not in live[table.name]]
            changes += [f"add column stored.{table.name}.{column.name} {column.type}" for column in missing]
    return changes


def status(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """What is in the file: `environments`, `artifacts`, `tables` and `quarantined`."""
    sizes = " UNION ALL ".join(
        f"SELECT 'stored.{t.name}' AS \"table\", (SELECT count(*) FROM stored.{t.name}) AS rows, "
        f"(SELECT count(DISTINCT block_id) FROM pragma_storage_info('stored.{t.name}') WHERE block_id >= 0) "
        f"* {_BLOCK_BYTES} AS bytes"
        for t in TABLES
    )
    queries = {
        "environments": (
            "SELECT project_name AS project, environment, count(*) AS invocations, "
            "min(generated_at) AS first_run, max(generated_at) AS last_run "
            "FROM v1.invocations GROUP BY ALL ORDER BY ALL"
        ),
        "artifacts": "SELECT kind, status, count(*) AS artifacts FROM v1.artifacts GROUP BY ALL ORDER BY ALL",
        "tables": sizes,
        "quarantined": "SELECT uri, error FROM v1.artifacts WHERE status = 'quarantined' ORDER BY uri",
    }
    return {name: connection.sql(query).to_arrow_table() for name, query in queries.items()}


def get_meta(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A value of stored.meta; None where it or the table is missing."""
    if not _has_table(connection, "stored", "meta"):
        return None
    rows = connection.execute("SELECT value FROM stored.meta WHERE key = ?", [key]).fetchall()
    return rows[0][0] if rows else None


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS stored")
    connection.execute(_META)
    live = _live_columns(connection)
    for table in TABLES:
        connection.execute(table.create_sql())
        for column in table.columns:
            if table.name in live and column.name not in live[table.name]:
                connection.execute(f"ALTER TABLE stored.{table.name} ADD COLUMN {column.name} {column.type}")
        for comment in table.comment_sql():
            connection.execute(comment)


def set_meta(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a value of stored.meta."""
    connection.execute("INSERT OR REPLACE INTO stored.meta VALUES (?, ?)", [key, value])


OPENING = threading.RLock()
"""Held while a file is opened, and while one is exchanged: who opens the old one late would write into nothing."""

_ONE_WRITER = threading.Lock()
"""DuckDB keeps other processes out while one writes; threads of this process have to be kept out here."""


@contextmanager
def at_rest(path: Path, wait: float = 0.0) -> Iterator[None]:
    """The file with all that was committed in it, for a while in which nobody writes to it."""
    with opened(path, wait=wait) as connection, _ONE_WRITER:
        connection.execute("CHECKPOINT")
        yield


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, keep: bool = True) -> Iterator[None]:
    """A transaction, rolled back after an error; and at its end too, unless what it did is to be kept."""
    with _ONE_WRITER:
        connection.execute("BEGIN")
        try:
            yield
            connection.execute("COMMIT" if keep else "ROLLBACK")
        except BaseException:
            with suppress(duckdb.Error):  # DuckDB has rolled back already where it cannot go on
                connection.execute("ROLLBACK")
            raise


def _connect_patiently(path: Path, read_only: bool, wait: float) -> duckdb.DuckDBPyConnection:
    """Try again, with growing pauses, while another process holds the file."""
    deadline = time.monotonic() + wait
    pause = 0.05
    while True:
        try:
            file = _file_at(path)
            with OPENING:
                connection = _connect_once(path, read_only)
            if file in (None, _file_at(path)):
                return connection
            connection.close()  # a prune exchanged the file between its opening and its locking
        except WarehouseLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(min(pause * random.uniform(0.5, 1.5), max(0.0, deadline - time.monotonic())))
            pause = min(pause * 1.5, 1.0)


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file the path names now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _connect_once(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    if newfile.is_to_be_made(path):
        if read_only:
            raise NotAWarehouse(str(path), "is empty; `load` makes a warehouse of it")
        _make(path)
    try:
        return duckdb.connect(str(path), read_only=read_only, config=_CONFIG)
    except duckdb.ConnectionException as error:
        raise WarehouseLocked(str(path), "is open in this process in another mode; close that first") from error
    except duckdb.Error as error:
        raise refusals.explained(path, str(error)) from error


def _make(path: Path) -> None:
    """Make a warehouse without artifacts. Nobody ever sees a file without its tables."""
    try:
        newfile.make(path, lambda new: _fill(new, path))
    except BlockingIOError as error:
        raise WarehouseLocked(str(path), "is being made by another process; wait for it (--wait SECONDS)") from error
    except (*refusals.BROKEN_OFF, OSError) as error:
        raise refusals.not_made(path, str(error)) from error


def _fill(new: Path, path: Path) -> None:
    """Write the file that is to be at `path`."""
    if (log := path.with_name(f"{path.name}.wal")).exists():
        raise WarehouseError(str(path), f"is gone, but its {log.name} is there; put it back, or remove that one too")
    # Closed before it is opened for use: a second connection must not need to know how it was made.
    with duckdb.connect(str(new), config={**_CONFIG, "storage_compatibility_version": STORAGE_VERSION}) as connection:
        migrate(connection)
        connection.execute("CHECKPOINT")


def _check_format(connection: duckdb.DuckDBPyConnection, path: Path, is_final: bool) -> None:
    """Raise where the file is of no known format; `is_final` tells that nobody is to bring it up to date."""
    version = get_meta(connection, "format_version")
    if version is None and _has_objects(connection):
        raise NotAWarehouse(str(path), "is a DuckDB file, but not a warehouse; name another file")
    if version is None and is_final:
        raise NotAWarehouse(str(path), "is a DuckDB file without tables; `load` makes a warehouse of it")
    if version is not None and int(version) > FORMAT_VERSION:
        reason = f"has format {version}, and this release knows up to {FORMAT_VERSION}; upgrade artifact-warehouse"
        raise WarehouseTooNew(str(path), reason)


def _has_objects(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "SELECT 1 FROM information_schema.tables WHERE table_catalog = current_database() LIMIT 1"
    return bool(connection.execute(query).fetchall())


def _has_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    query = (
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? AND table_name = ?"
    )
    return bool(connection.execute(query, [schema, name]).fetchall())


def _live_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    rows = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'stored' GROUP BY table_name"
    ).fetchall()
    return {name: set(names) for name, names in rows}
