"""Turns DuckDB's errors about a file into errors that say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from artifact_warehouse.errors import NotAWarehouse, WarehouseError, WarehouseLocked, WarehouseTooNew

INTERRUPTED_WRITE = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.TransactionException,
    duckdb.OutOfMemoryException,
)
"""The errors that DuckDB raises when a disk is full. Which one depends on the statement."""

_LOCKED = re.compile(r"Conflicting lock is held in (?P<holder>[^\n]*?)\. See also")
IN_MEMORY = "in-memory database"
"""DuckDB opens a JSON, CSV or Parquet file as a database in memory."""

_NOT_DUCKDB = ("not a valid DuckDB database", "not a database", IN_MEMORY, "sqlite_scanner")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "an archive",
    b"\x1f\x8b": "a compressed file",
    b"\x28\xb5\x2f\xfd": "a compressed file",
}
_NO_SPACE = re.compile("No space left|File too large|quota exceeded", re.IGNORECASE)


def is_locked(message: str) -> bool:
    """Whether DuckDB says that another process holds a file. Its words vary: `file_lock` asks the kernel instead."""
    return _LOCKED.search(message) is not None


def cannot_open(path: Path, message: str) -> WarehouseError:
    """Why a file cannot be opened. Recognises a lock by DuckDB's message only: `file_lock` asks the kernel."""
    if match := _LOCKED.search(message):
        return locked(path, match["holder"])
    if found := _kind_of_file(path):
        return NotAWarehouse(str(path), f"is {found}, not a warehouse; did you mean `load WH {path}`?")
    if "version number" in message:
        return WarehouseTooNew(str(path), f"a newer DuckDB wrote this file; upgrade duckdb ({message})")
    if any(words in message for words in _NOT_DUCKDB):
        return NotAWarehouse(str(path), "is not a DuckDB file; name a warehouse, or a new file")
    return WarehouseError(str(path), f"cannot be opened: {_advice(message)}")


def _kind_of_file(path: Path) -> str | None:
    """The kind of a file that was given in place of the warehouse by mistake, such as an input of `load`."""
    try:
        with path.open("rb") as stream:
            beginning = stream.read(512)
    except OSError:
        return None
    if beginning.lstrip(_BLANK)[:1] in (b"{", b"["):
        return "a JSON file"
    return next((kind for magic, kind in _MAGIC.items() if beginning.startswith(magic)), None)


def locked(path: Path, holder: object) -> WarehouseLocked:
    """The error for a file that another process holds."""
    return WarehouseLocked(str(path), f"is held by {holder}; wait for it (--wait SECONDS) or end it")


def cannot_create(path: Path, message: str) -> WarehouseError:
    """Why a new file cannot be created."""
    return WarehouseError(str(path), f"cannot be created: {_advice(message)}")


def interrupted_write(path: Path, message: str) -> WarehouseError:
    """Why a write to an open file ended early."""
    return WarehouseError(str(path), f"a write was interrupted; all earlier data is kept: {_advice(message)}")


def _advice(message: str) -> str:
    """DuckDB's message in one line, with advice where there is one."""
    line = " ".join(message.split())
    return f"{line}; free space on that disk, and run it again" if _NO_SPACE.search(message) else line
