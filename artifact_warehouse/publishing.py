"""A finished copy of a warehouse for readers, exchanged at once, so that no load ever keeps them waiting."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from artifact_warehouse import store
from artifact_warehouse.errors import NotAWarehouse, WarehouseError

_COPY = """
import os, shutil, sys
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as copy:
    shutil.copyfileobj(source, copy, 1 << 20)
    copy.flush()
    os.fsync(copy.fileno())
"""
"""Run by a process of its own: one that closes a file loses the lock that DuckDB holds on it for that process."""


def check(path: Path, copy: Path) -> None:
    """Raises WarehouseError where `copy` cannot be a copy of the warehouse at `path`, and leaves it alone."""
    store.check_place(copy)
    if copy.exists():
        if path.exists() and copy.samefile(path):
            raise WarehouseError(str(copy), "is the warehouse itself; publish to another file")
        if not _is_database(copy):
            raise NotAWarehouse(str(copy), "is no DuckDB file, and would be overwritten; publish to another file")
    if (log := Path(f"{copy.resolve()}.wal")).exists():
        reason = f"somebody writes to it, and a copy is for reading only; remove {log.name} if that is left over"
        raise WarehouseError(str(copy), reason)


def publish(path: Path, copy: Path, wait: float = 0.0) -> None:
    """Replace `copy` by the warehouse as it is now; whoever reads the old copy goes on reading that.

    Nobody writes to the warehouse meanwhile. Raises WarehouseError where the copy cannot be written.
    """
    check(path, copy)
    copy = copy.resolve()
    unfinished = Path(f"{copy}.unfinished")
    try:
        with store.at_rest(path, wait):
            command = [sys.executable, "-I", "-S", "-c", _COPY, str(path), str(unfinished)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode:
                reason = result.stderr.strip().rsplit("\n", 1)[-1]
                raise WarehouseError(str(copy), f"cannot be written: {reason}; the last copy is still there")
            shutil.copymode(copy if copy.exists() else path, unfinished)
            unfinished.replace(copy)
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _is_database(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(12)[8:] == b"DUCK"
