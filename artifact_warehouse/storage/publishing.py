"""Copies of a warehouse for readers. Each is replaced as a whole, so that readers never wait for a load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from artifact_warehouse.errors import NotAWarehouse, WarehouseError
from artifact_warehouse.storage.atomic_file import replacement
from artifact_warehouse.storage.connection import WarehouseFile, check_place

_COPY = """
import os, shutil, sys
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as copy:
    shutil.copyfileobj(source, copy, 1 << 20)
    copy.flush()
    os.fsync(copy.fileno())
"""
"""Runs in a process of its own: a process that closes a file gives up all locks that it holds on it, DuckDB's too."""


SHELL_START = "USE v1; SET TimeZone = 'UTC';"
"""What a shell does first, so that views of v1 need no schema."""


def check_copy(file: WarehouseFile, copy: Path) -> None:
    """Raises WarehouseError where `copy` is the warehouse, another kind of file, or open for writing."""
    check_place(copy)
    if copy.exists():
        if file.path.exists() and copy.samefile(file.path):
            raise WarehouseError(str(copy), "is the warehouse itself; publish to another file")
        if not _is_database(copy):
            raise NotAWarehouse(str(copy), "is not a DuckDB file, and would be overwritten; publish to another file")
    if (log := Path(f"{copy.resolve()}.wal")).exists():
        reason = f"is open for writing, but is a copy for readers; close it, or remove {log.name} if nobody has it open"
        raise WarehouseError(str(copy), reason)


def publish(file: WarehouseFile, copy: Path) -> None:
    """Replace `copy` by the warehouse as it is now. Readers that have the old copy open go on reading it.

    Nobody writes to the warehouse meanwhile. Raises WarehouseError where the copy cannot be written.
    """
    check_copy(file, copy)
    try:
        with file.at_rest(), replacement(copy, mode_of=file.path) as new:
            _copied(file.path, new)
    except OSError as error:
        raise WarehouseError(str(copy), f"cannot be written: {error}; the last copy is still there") from error


def copy(file: WarehouseFile, target: Path) -> Path:
    """Copy the warehouse as it is now to a new file. Nobody writes to the warehouse meanwhile."""
    with file.open(read_only=True):
        _copied(file.path, target)
        if (log := Path(f"{file.path}.wal")).exists():
            _copied(log, Path(f"{target}.wal"))
    return target


def _copied(source: Path, target: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", _COPY, str(source), str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise OSError(result.stderr.strip().rsplit("\n", 1)[-1])


def _is_database(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(12)[8:] == b"DUCK"
