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

    def per_part(self, other: Measured, parts: int) -> Measured:
        """The cost of each of `parts` pieces of work that `other` does not have."""
        return self._combined(other, lambda mine, others: (mine - others) / parts)

    def scaled(self, start: Measured, factor: float) -> Measured:
        """The cost of `factor` times the work; `start` is the constant part."""
        return self._combined(start, lambda mine, others: others + (mine - others) * factor)

    def _combined(self, other: Measured, combine: Callable[[float, float], float]) -> Measured:
        return self._replace(
            values=tuple(map(combine, self.values, other.values)),
            cpu_values=tuple(map(combine, self.cpu_values, other.cpu_values)),
        )


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
            pages = [*map(_pages, _tree(pid))]
            if len(pages) > 1:
                used = sum(resident - shared for resident, shared in pages) + max(shared for _, shared in pages)
                self.peak_bytes = max(self.peak_bytes, used * os.sysconf("SC_PAGESIZE"))


def _tree(pid: int) -> Iterator[int]:
    """A process and its descendants, see https://man7.org/linux/man-pages/man5/proc_pid_task.5.html."""
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:  # the thread has ended
            continue
        for child in children:
            yield from _tree(int(child))


def _pages(pid: int) -> tuple[int, int]:
    """Resident pages and shared pages of a process; zeros when it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    except (OSError, ValueError):
        return 0, 0
    return int(resident), int(shared)


def alternate(commands: Mapping[str, Command], repeats: int) -> dict[str, Measured]:
    """Run the commands in turn, `repeats` times."""
    turns: dict[str, list[Turn]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            turns[name].append(run_once(command))
    return {
        name: Measured(
            tuple(turn.seconds for turn in found),
            tuple(turn.cpu_seconds for turn in found),
            max(turn.peak_bytes for turn in found),
        )
        for name, found in turns.items()
    }


def ask(script: str, *arguments: str | Path | int, said: object = None) -> Any:
    """The JSON answer of a script of this folder; the script reads `said` as JSON from stdin."""
    done = subprocess.run(
        python(script, *arguments), input=json.dumps(said), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{script} {[*map(str, arguments)]}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def query_times(
    warehouse: Path, queries: dict[str, str], repeats: int, *, warm_ups: int = 1, has_peaks: bool = False, **more: Any
) -> dict[str, Measured]:
    """Seconds of each query on one open connection, in turn, with the result fetched as Arrow; see queries.py.

    `has_peaks` adds the peak memory of a process that runs the query alone.
    """
    said = {"warehouse": str(warehouse), "queries": queries, "repeats": repeats, "warm_ups": warm_ups, **more}
    answer = ask("queries.py", said=said)
    found = {name: Measured(tuple(s), rows=answer["rows"][name]) for name, s in answer["seconds"].items()}
    if has_peaks:
        for name, measured in found.items():
            peak = run_once(Command(python("queries.py", warehouse, queries.get(name, name)))).peak_bytes
            found[name] = measured._replace(peak_bytes=peak)
    return found


def query_value(warehouse: Path, query: str) -> Any:
    """The single value of a query."""
    [answer] = ask("queries.py", warehouse, query)
    return answer
