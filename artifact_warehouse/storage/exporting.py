"""Exports the tables of a warehouse as Parquet files, and imports them into a new one. Neither way loses anything.

A folder of an export has a file for each table of schema `stored`. stored.meta is written last: a folder without it is
an export that was not finished.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.schema import FORMAT_VERSION, TABLES
from artifact_warehouse.storage.connection import WarehouseFile
from artifact_warehouse.storage.settling import settle
from artifact_warehouse.storage.transactions import transaction

_META = "meta"
_OF_THE_FILE = "key IN ('format_version', 'views') OR starts_with(key, 'generation:')"
"""The rows of stored.meta that belong to a file, and not to what is stored in it."""


def export_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Write each table to a Parquet file in a new or empty folder. Returns the rows of each table.

    All files are from one moment. Raises WarehouseError where the folder has files or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise WarehouseError(str(folder), "has files already; export to a new or an empty folder")
    except OSError as error:
        raise WarehouseError(str(folder), f"cannot be written: {error.strerror}") from error
    with transaction(connection):
        return {name: _export_table(connection, name, folder) for name in (*_names(), _META)}


def import_tables(file: WarehouseFile, folder: Path) -> dict[str, int]:
    """Fill a warehouse, which is created when missing, with the tables of an export. Returns the rows of each table.

    Raises WarehouseError where the warehouse has artifacts already, or where the folder is not a finished export of
    this format.
    """
    _check_export(folder)
    with file.writing() as connection, transaction(connection):
        if connection.execute("SELECT 1 FROM stored.artifacts LIMIT 1").fetchall():
            raise WarehouseError(str(file.path), "has artifacts already; import into a new file")
        counts = {name: _import_table(connection, name, folder) for name in _names() if _parquet(folder, name).exists()}
        kept = f"SELECT key, value FROM read_parquet(?) WHERE NOT ({_OF_THE_FILE})"
        connection.execute(f"INSERT OR REPLACE INTO stored.meta {kept}", [str(_parquet(folder, _META))])
        settle(connection)  # the export may be of a release that settled otherwise
    return counts


def _names() -> tuple[str, ...]:
    return tuple(table.name for table in TABLES)


def _parquet(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _export_table(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> int:
    target = str(_parquet(folder, name)).replace("'", "''")
    copied = f"COPY stored.{name} TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    [(count,)] = connection.execute(copied).fetchall()
    return int(count)


def _import_table(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> int:
    """Columns that the export lacks, of an earlier release, stay NULL."""
    inserted = f"INSERT INTO stored.{name} BY NAME FROM read_parquet(?)"
    [(count,)] = connection.execute(inserted, [str(_parquet(folder, name))]).fetchall()
    return int(count)


def _check_export(folder: Path) -> None:
    meta = _parquet(folder, _META)
    if not meta.exists():
        reason = "is not a finished export: meta.parquet is missing" if folder.is_dir() else "there is no such folder"
        raise WarehouseError(str(folder), reason)
    with duckdb.connect() as empty:
        rows = empty.execute("SELECT value FROM read_parquet(?) WHERE key = 'format_version'", [str(meta)]).fetchall()
    if not rows or int(rows[0][0]) > FORMAT_VERSION:
        found = f"format {rows[0][0]}" if rows else "no format"
        raise WarehouseError(str(folder), f"has {found}, and this release knows up to {FORMAT_VERSION}")
