"""What a process of this package's own does first: it starts quickly, stays small, and can be interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

_NOT_NEEDED = ("numpy", "pandas")


class _Without(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name in _NOT_NEEDED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def skip_numpy_import() -> None:
    """Tune this process; for one that ends with its command, never for a process of a caller's.

    Where numpy and pandas are installed, pyarrow imports them, which takes longer than a nightly load; it needs
    neither. And its own allocators keep what they once had, which the system's gives back.
    """
    sys.meta_path.insert(0, _Without())
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


_INTERRUPTED = 130
_WORK = "artifact_warehouse.warehouse"
"""The module whose import brings all that must not be interrupted while it is imported."""


class _Phase:
    is_work = False


def install_sigint_handler() -> None:
    """From now on an interrupt ends this process: at once where there is no work, else by a KeyboardInterrupt.

    Python would print a trace for one that comes during an import, and some modules swallow it there. Where the
    caller has interrupts ignored, as a script does for what it runs in the background, they stay ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(*_: object) -> None:
    if _Phase.is_work and hasattr(sys.modules.get(_WORK), "Warehouse"):
        raise KeyboardInterrupt
    os.write(2, b"interrupted\n")
    os._exit(_INTERRUPTED)


@contextmanager
def interruptible() -> Iterator[None]:
    """Work that a KeyboardInterrupt may end; when it is done, interrupts come too late and are ignored."""
    _Phase.is_work = True
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _on_interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        _Phase.is_work = False
