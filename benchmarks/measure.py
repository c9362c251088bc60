"""Measures commands against each other: seconds, processor seconds and peak memory of whole processes.

This process starts every measured process. Linux counts the memory of the parent at the start of a child into the
child's peak, so this process stays small: it imports the standard library only, and children do all work.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
MIB = 1 << 20


class Failed(Exception):
    """A command ended with an error. The message has the command and its stderr."""


class Measured(NamedTuple):
    """The values of all turns (seconds, or bytes where `unit` says so), processor seconds, and the highest peak."""

    values: tuple[float, ...]
    cpu_values: tuple[float, ...] = ()
    peak_bytes: int | None = None
    unit: str = "s"
    rows: int | None = None

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def cpu(self) -> float | None:
        """The median of the processor seconds."""
        return statistics.median(self.cpu_values) if self.cpu_values else None

    def combined(self, other: Measured, combine: Callable[[float, float], float]) -> Measured:
        """A value of every turn, computed from this and another one's value."""
        values, cpu_values = map(combine, self.values, other.values), map(combine, self.cpu_values, other.cpu_values)
        return self._replace(values=tuple(values), cpu_values=tuple(cpu_values))


class Command(NamedTuple):
    """A process to measure. `before` runs ahead of each turn and is not measured."""

    argv: Sequence[str | Path]
    before: Callable[[], object] = tuple


def python(script: str, *arguments: str | Path | int) -> list[str | Path]:
    """The command line of a script of this folder."""
    return [sys.executable, HERE / script, *map(str, arguments)]


def warehouse_command(*arguments: str | Path) -> list[str | Path]:
    """The command line of artifact-warehouse."""
    return [sys.executable, "-m", "artifact_warehouse", *arguments]


class Turn(NamedTuple):
    """Seconds, processor seconds and peak memory of a process and its descendants."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run_once(command: Command) -> Turn:
    """Run a process from start to end. Raises Failed."""
    command.before()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        watch = _MemoryWatch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        watch.is_over.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise Failed(f"{[*map(str, command.argv)]}: {errors.read().decode(errors='replace')}")
    alone = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Turn(seconds, usage.ru_utime + usage.ru_stime, max(alone, watch.peak_bytes))


class _MemoryWatch:
    """Samples the memory of a process tree fifty times a second, on Linux.

    The kernel reports the exact peak of a single process, and of a tree only that of its largest process. A sample
    adds the private pages of all processes and the shared pages (mostly libraries) of the process with most of them.
    """

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self.is_over = threading.Event()
        if Path("/proc/self/statm").exists():
            threading.Thread(target=self._watch, args=(pid,), daemon=True).start()

    def _watch(self, pid: int) -> None:
        while not self.is_over.wait(0.02):
            pages = [*_tree(pid)]
            if len(pages) > 1:
                used = sum(resident - shared for resident, shared in pages) + max(shared for _, shared in pages)
                self.peak_bytes = max(self.peak_bytes, used * os.sysconf("SC_PAGESIZE"))


def _tree(pid: int) -> Iterator[tuple[int, int]]:
    """Resident and shared pages of a process and its descendants.

    See https://man7.org/linux/man-pages/man5/proc_pid_task.5.html for `children`. Processes may end meanwhile.
    """
    with suppress(OSError, ValueError):
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
        yield int(resident), int(shared)
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in path.read_text().split():
                yield from _tree(int(child))


def alternate(commands: Mapping[str, Command], repeats: int) -> dict[str, Measured]:
    """Run the commands in turn, `repeats` times."""
    rounds = [{name: run_once(command) for name, command in commands.items()} for _ in range(repeats)]
    found = {}
    for name in commands:
        seconds, cpu_seconds, peaks = zip(*(turns[name] for turns in rounds), strict=True)
        found[name] = Measured(seconds, cpu_seconds, max(peaks))
    return found


def ask(script: str, *arguments: str | Path | int) -> Any:
    """The JSON answer of a script of this folder. Raises Failed."""
    done = subprocess.run(python(script, *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{script} {[*map(str, arguments)]}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def query_times(
    warehouse: Path, queries: dict[str, str], repeats: int, *, warm_ups: int = 1, has_peaks: bool = False, **more: Any
) -> dict[str, Measured]:
    """Seconds of each query on one open connection, in turn, with the result fetched as Arrow; see queries.py.

    `has_peaks` adds the peak memory of a process that runs the query alone.
    """

    def said(**changed: Any) -> str:
        plain = {"warehouse": str(warehouse), "queries": queries, "repeats": repeats, "warm_ups": warm_ups}
        return json.dumps({**plain, "is_streamed": False, **more, **changed})

    answer = ask("queries.py", said())
    found = {name: Measured(tuple(seconds), rows=rows) for name, (seconds, rows, _) in answer.items()}
    for name, sql in queries.items() if has_peaks else ():
        alone = Command(python("queries.py", said(queries={name: sql}, repeats=1, warm_ups=0)))
        found[name] = found[name]._replace(peak_bytes=run_once(alone).peak_bytes)
    return found


def query_value(warehouse: Path, query: str) -> Any:
    """The single value of a query."""
    said = {"warehouse": str(warehouse), "queries": {"": query}, "repeats": 1, "warm_ups": 0, "is_streamed": False}
    _, _, [[value]] = ask("queries.py", json.dumps(said))[""]
    return value
