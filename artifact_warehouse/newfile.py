"""A new file that is whole as soon as it is there, whoever else makes it at the same time, and whenever one dies.

Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def is_to_be_made(path: Path) -> bool:
    """Whether there is nothing at the path yet, or an empty file, as `mktemp` and a full disk leave it."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def make(path: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` write a file beside `path`, and put it there; what one that died left behind goes.

    Does nothing when another process was faster. Raises BlockingIOError while another one is at it.
    """
    new = path.with_name(f"{path.name}.new")
    with _only_one(path.parent):
        if is_to_be_made(path):
            _remove(new)
            try:
                fill(new)
                new.replace(path)
            finally:
                _remove(new)


def _remove(new: Path) -> None:
    for file in (new, new.with_name(f"{new.name}.wal")):
        file.unlink(missing_ok=True)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """A lock that ends with its holder and leaves no file; nothing where the folder cannot be locked."""
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
        except OSError:  # file systems without locks
            pass
        yield
    finally:
        os.close(descriptor)
