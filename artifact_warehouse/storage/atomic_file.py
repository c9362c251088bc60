"""Files that are written beside their place and renamed into it: readers see the old file or the whole new one.

Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNFINISHED = re.compile(r"(\.[0-9a-f]{32})?\.unfinished(\.wal)?")
"""The end of the name of a folder in which a replacement is made; earlier releases made files with such names."""


@contextmanager
def replacement(path: Path, mode_of: Path | None = None) -> Iterator[Path]:
    """The place of a new file, which replaces `path` when the block succeeds, and is removed when it fails.

    It lies in a folder of its own beside `path`, which nobody else can enter or guess: no link that was planted there
    is followed. The file gets the permissions of the one that it replaces, else those of `mode_of`. Callers make sure
    that one process at a time replaces `path`: folders that killed processes left are removed.
    """
    target = path.resolve()
    _remove_left_over(target)
    folder = target.with_name(f"{target.name}.{secrets.token_hex(16)}.unfinished")
    folder.mkdir(mode=0o700)
    try:
        new = folder / "new.duckdb"
        yield new
        if (old := target if target.exists() else mode_of) is not None:
            shutil.copymode(old, new)
        new.replace(target)
    finally:
        _remove(folder)


def _remove_left_over(target: Path) -> None:
    for file in target.parent.iterdir():
        if file.name.startswith(target.name) and _UNFINISHED.fullmatch(file.name[len(target.name) :]):
            _remove(file)


def _remove(file: Path) -> None:
    """Remove a file, a folder or a link. What cannot be removed is left for the next access to report."""
    with suppress(OSError):
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink()


def is_missing(path: Path) -> bool:
    """Whether there is no file, or an empty one, as `mktemp` and a full disk leave."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def create(path: Path, fill: Callable[[Path], object]) -> None:
    """Have `fill` write a new file, unless another process creates it first.

    Raises BlockingIOError while another process creates a file in the same folder.
    """
    with _locked(path.parent):
        if is_missing(path):
            with replacement(path) as new:
                fill(new)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Locks a folder. The lock ends with its process and leaves no file; some file systems have none."""
    try:
        import fcntl
    except ImportError:  # Windows, which does not replace a file that is open
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)
