"""What a process of this package's own can do without, to start quickly and to stay small."""

from __future__ import annotations

import os
import sys
from importlib.abc import MetaPathFinder

_NOT_NEEDED = ("numpy", "pandas")


class _Without(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name in _NOT_NEEDED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def be_frugal() -> None:
    """Tune this process; for one that ends with its command, never for a process of a caller's.

    Where numpy and pandas are installed, pyarrow imports them, which takes longer than a nightly load; it needs
    neither. And its own allocators keep what they once had, which the system's gives back.
    """
    sys.meta_path.insert(0, _Without())
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
