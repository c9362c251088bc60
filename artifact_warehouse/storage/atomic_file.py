"""Files that are written beside their place and renamed into it: readers see the old file or the whole new one.

Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacement(path: Path, mode_of: Path | None = None) -> Iterator[Path]:
    """A file to write to, which replaces `path` when the block succeeds.

    It lies beside `path` as `NAME.unfinished`. It is removed when the block fails, and so is one that a killed
    process left behind. It gets the permissions of the file that it replaces, else those of `mode_of`.
    """
    target = path.resolve()
    new = target.with_name(f"{target.name}.unfinished")
    _remove(new)
    try:
        yield new
        if (old := target if target.exists() else mode_of) is not None:
            shutil.copymode(old, new)
        new.replace(target)
    finally:
        _remove(new)


def is_missing(path: Path) -> bool:
    """Whether there is no file yet, or an empty one, as `mktemp` and a full disk leave it."""
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


def _remove(new: Path) -> None:
    for file in (new, new.with_name(f"{new.name}.wal")):
        with suppress(OSError):  # whoever writes to it next says what is wrong with it
            file.unlink()


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
