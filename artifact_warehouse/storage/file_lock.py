"""Finds the process that holds DuckDB's lock on a file.

DuckDB locks the whole file by fcntl: for reading with a read-only connection, else for writing. The kernel names the
holder of such a lock (F_GETLK in https://man7.org/linux/man-pages/man2/fcntl_locking.2.html). DuckDB's own message
differs between releases, and does not name a holder in another PID namespace.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROBE = """
import fcntl, os, struct, sys
path, is_read_only = sys.argv[1], sys.argv[2] == "read"
asked = fcntl.F_RDLCK if is_read_only else fcntl.F_WRLCK
with open(path, "rb") as stream:
    if sys.platform == "darwin":  # struct flock: start, length, pid, type, whence
        answer = fcntl.fcntl(stream, fcntl.F_GETLK, struct.pack("qqihh", 0, 0, 0, asked, os.SEEK_SET))
        pid, kind = struct.unpack("qqihh", answer)[2:4]
    else:  # type, whence, start, length, pid
        answer = fcntl.fcntl(stream, fcntl.F_GETLK, struct.pack("hhqqiI", asked, os.SEEK_SET, 0, 0, 0, 0))
        kind, pid = (struct.unpack("hhqqiI", answer)[place] for place in (0, 4))
print("free" if kind == fcntl.F_UNLCK else pid)
"""
"""Runs in a process of its own: a process that closes a file gives up all locks that it holds on it, DuckDB's too."""

_PROBE_SECONDS = 30


class Holder(NamedTuple):
    """The process that holds a file. On another machine, or in another PID namespace, its id is unknown."""

    pid: int | None = None
    program: str | None = None

    def __str__(self) -> str:
        if self.pid is None:
            return "a process in another container or on another machine"
        return f"{self.program or 'a process'} (process {self.pid})"


class LockUnknown(Exception):
    """The holder of the lock cannot be found: the file system has no locks, or this system has no fcntl."""


def holder(path: Path, read_only: bool) -> Holder | None:
    """The process that keeps DuckDB from opening the file; None where no process does. Raises LockUnknown."""
    if sys.platform not in ("linux", "darwin") or not sys.executable or getattr(sys, "frozen", False):
        raise LockUnknown
    command = [sys.executable, "-I", "-S", "-c", _PROBE, os.fspath(path), "read" if read_only else "write"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise LockUnknown from error
    answer = done.stdout.strip()
    return None if answer == "free" else _named(int(answer))


def _named(pid: int) -> Holder:
    """The holder with this id. Linux says 0 for another PID namespace, and a negative number for another host."""
    if pid <= 0:
        return Holder()
    with suppress(OSError):
        return Holder(pid, os.readlink(f"/proc/{pid}/exe"))  # noqa: PTH115 (a name, not a path to follow)
    return Holder(pid)
