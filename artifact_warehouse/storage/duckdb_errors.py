"""DuckDB's errors about a file, as errors that say what to do."""

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
"""What DuckDB raises when a disk is full. Which of them depends on the statement that it interrupts."""

_LOCKED = re.compile(r"Conflicting lock is held in (?P<holder>[^\n]*?)\. See also")
_NO_ROOM = re.compile("No space left|File too large|quota exceeded", re.IGNORECASE)


def cannot_open(path: Path, message: str) -> WarehouseError:
    """Why a file cannot be opened; of a lock only DuckDB's message tells here, see `file_lock`."""
    if match := _LOCKED.search(message):
        return locked(path, match["holder"])
    if "version number" in message:
        return WarehouseTooNew(str(path), f"a newer DuckDB wrote this file; upgrade duckdb ({message})")
    if "not a valid DuckDB database" in message or "not a database" in message:
        return NotAWarehouse(str(path), "is not a DuckDB file; name a warehouse, or a new file")
    return WarehouseError(str(path), f"cannot be opened: {_advice(message)}")


def locked(path: Path, holder: object) -> WarehouseLocked:
    """Another process holds the file."""
    return WarehouseLocked(str(path), f"is held by {holder}; wait for it (--wait SECONDS) or end it")


def cannot_create(path: Path, message: str) -> WarehouseError:
    """Why a new file cannot be created."""
    return WarehouseError(str(path), f"cannot be created: {_advice(message)}")


def interrupted_write(path: Path, message: str) -> WarehouseError:
    """Why a write to an open file ended early."""
    return WarehouseError(str(path), f"broke off; what was stored before is kept: {_advice(message)}")


def _advice(message: str) -> str:
    """DuckDB's message in one line, and what to do where that is known."""
    line = " ".join(message.split())
    return f"{line}; make room on that disk, and do it again" if _NO_ROOM.search(message) else line
