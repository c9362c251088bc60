"""Start-up of the package's own processes: skips slow imports, limits memory and time, and handles SIGINT."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SKIPPED = ("numpy", "pandas")


class _SkippingFinder:
    def find_spec(self, name: str, *_: object) -> None:
        if name in _SKIPPED or (name == "typing_extensions" and _is_msgspec_being_imported()):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _is_msgspec_being_imported() -> bool:
    module = sys.modules.get("msgspec._utils")
    return module is not None and not hasattr(module, "get_type_hints")


def skip_slow_imports() -> None:
    """Keep libraries from importing what they do without. Only for the package's processes.

    pyarrow imports numpy and pandas where they are installed, and msgspec typing_extensions. They need none of them
    here, and the imports take longer than a nightly load. pyarrow also gets malloc: its default allocators keep freed
    memory, and malloc returns it to the system.
    https://arrow.apache.org/docs/cpp/memory.html#default-memory-pool
    """
    sys.meta_path.insert(0, _SkippingFinder())
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def open_standard_streams() -> None:
    """Replace each of stdin, stdout and stderr that the parent has closed.

    Without it, the next file that is opened gets the free descriptor: DuckDB's file would be stdout. Reading the new
    stdin and writing the new stdout fail with EBADF, as without a file; what is written to the new stderr is dropped.
    """
    modes = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}
    for descriptor, mode in modes.items():
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free descriptor, which is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


class OutOfTime(Exception):
    """The process has used more processor time than `processor_time` allows."""


class _Clock:
    is_own = False
    """Whether the process is this package's own, and not a caller's."""


def install_processor_clock(kills: bool) -> None:
    """Let `processor_time` limit this process, by SIGXCPU. Only for the package's own processes.

    The signal raises OutOfTime. With `kills` it ends the process instead, also during a call into a library.
    """
    if hasattr(signal, "SIGXCPU"):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL if kills else _on_out_of_time)
        _Clock.is_own = True


def _on_out_of_time(*_: object) -> None:
    raise OutOfTime


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Limit the processor time of the block, where `install_processor_clock` was called."""
    if not _Clock.is_own:
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_CPU)
    limits = (int(time.process_time() + seconds) + 1, *before)
    soft = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


@contextmanager
def memory(size_bytes: int) -> Iterator[None]:
    """Limit what the block allocates, by whatever library, where `install_processor_clock` was called; on Linux only.

    An allocation beyond the limit fails, as where the machine has no more memory: with a MemoryError in Python.
    """
    if not _Clock.is_own or not sys.platform.startswith("linux"):
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    limits = (_data_bytes() + size_bytes, *before)
    soft = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    """What RLIMIT_DATA counts: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmData:")]
    return int(kilobytes) * 1024


_INTERRUPTED = 130
_WAREHOUSE = "artifact_warehouse.warehouse"
"""This module imports duckdb and pyarrow. A KeyboardInterrupt during their import is lost."""


class _Phase:
    is_interruptible = False


def install_sigint_handler() -> None:
    """Let SIGINT end this process: at once during imports, by a KeyboardInterrupt within `interruptible`.

    Without it, Python prints a trace for a SIGINT during an import. A SIGINT that the parent has set to be ignored
    stays ignored, as in the background jobs of a shell script.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(*_: object) -> None:
    if _Phase.is_interruptible and hasattr(sys.modules.get(_WAREHOUSE), "Warehouse"):
        raise KeyboardInterrupt
    os.write(2, b"interrupted\n")
    os._exit(_INTERRUPTED)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt within the block. After the block it is ignored, as the work is done."""
    _Phase.is_interruptible = True
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _on_interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        _Phase.is_interruptible = False
