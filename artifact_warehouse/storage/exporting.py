"""Exports the tables of a warehouse as Parquet files, and imports them into a new one. Neither way loses anything.

A folder of an export has a file for each table of schema `stored`. meta.parquet is written last, and says how many rows
each file has: a folder without it is an export that was not finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.schema import FORMAT_VERSION, TABLES
from artifact_warehouse.storage.connection import WarehouseFile
from artifact_warehouse.storage.settling import settle
from artifact_warehouse.storage.transactions import transaction

_META = "meta"
_ROWS = "exported_rows"
"""The key of the rows of each table, as JSON, in meta.parquet."""

_OF_THE_FILE = f"key IN ('format_version', 'views', '{_ROWS}') OR starts_with(key, 'generation:')"
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
    with _told(folder, "cannot be written"), transaction(connection):
        counts = {table.name: _copy(connection, f"stored.{table.name}", folder, table.name) for table in TABLES}
        meta = f"(FROM stored.meta UNION ALL SELECT '{_ROWS}', '{json.dumps(counts)}')"
        _copy(connection, meta, folder, _META)
    return counts


def import_tables(file: WarehouseFile, folder: Path) -> dict[str, int]:
    """Fill a warehouse, which is created when missing, with the tables of an export. Returns the rows of each table.

    Columns that the export lacks, of an earlier release, stay NULL. Raises WarehouseError where the warehouse has
    artifacts already, or where the folder is not a whole export of this format.
    """
    with _told(folder, "cannot be read"):
        promised = _promised(folder)
    with file.writing() as connection, _told(folder, "cannot be read"), transaction(connection):
        if connection.execute("SELECT 1 FROM stored.artifacts LIMIT 1").fetchall():
            raise WarehouseError(str(file.path), "has artifacts already; import into a new file")
        counts = {name: _import_table(connection, name, folder) for name in promised}
        for name, count in counts.items():
            if count != promised[name]:
                raise WarehouseError(str(_parquet(folder, name)), f"has {count:,} of {promised[name]:,} rows")
        kept = f"SELECT key, value FROM read_parquet(?) WHERE NOT ({_OF_THE_FILE})"
        connection.execute(f"INSERT OR REPLACE INTO stored.meta {kept}", [str(_parquet(folder, _META))])
        settle(connection)  # the export may be of a release that settled otherwise
    return counts


@contextmanager
def _told(folder: Path, reason: str) -> Iterator[None]:
    """Raises WarehouseError, with the first line of DuckDB's message, where DuckDB cannot read or write a file."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(str(folder), f"{reason}: {str(error).partition(chr(10))[0]}") from error


def _parquet(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, folder: Path, name: str) -> int:
    target = str(_parquet(folder, name)).replace("'", "''")
    [(count,)] = connection.execute(f"COPY {rows} TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
    return int(count)


def _import_table(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> int:
    inserted = f"INSERT INTO stored.{name} BY NAME FROM read_parquet(?)"
    [(count,)] = connection.execute(inserted, [str(_parquet(folder, name))]).fetchall()
    return int(count)


def _promised(folder: Path) -> dict[str, int]:
    """The rows of each table that the export has."""
    meta = _parquet(folder, _META)
    if not meta.exists():
        reason = "is not a finished export: meta.parquet is missing" if folder.is_dir() else "there is no such folder"
        raise WarehouseError(str(folder), reason)
    with duckdb.connect() as empty:
        said = dict(empty.execute("SELECT key, value FROM read_parquet(?)", [str(meta)]).fetchall())
    if _ROWS not in said:
        raise WarehouseError(str(folder), "is not an export: meta.parquet does not say how many rows each file has")
    if int(said["format_version"]) > FORMAT_VERSION:
        reason = f"has format {said['format_version']}, and this release knows up to {FORMAT_VERSION}; upgrade it"
        raise WarehouseError(str(folder), reason)
    return {str(name): int(count) for name, count in json.loads(said[_ROWS]).items()}
