"""Measuring commands against each other: seconds, processor seconds and peak memory of whole processes.

This process starts all that is measured, and must stay small: Linux counts what the parent of a process has in
memory into the child's peak. So it imports the standard library only, and all work is done by children.
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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
MIB = 1 << 20


class Failed(Exception):
    """A command ended with an error; says what it wrote to stderr."""


class Measured(NamedTuple):
    """Seconds (or bytes, where `unit` says so) of every turn, their processor seconds, the highest peak of memory."""

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

    def less(self, other: Measured, parts: int) -> Measured:
        """What each of `parts` further pieces of work cost, of which `other` did not have any."""
        return self._combined(other, lambda mine, others: (mine - others) / parts)

    def scaled(self, start: Measured, factor: float) -> Measured:
        """What so many times the work would take; `start` is what does not grow."""
        return self._combined(start, lambda mine, others: others + (mine - others) * factor)

    def _combined(self, other: Measured, combine: Callable[[float, float], float]) -> Measured:
        return self._replace(
            values=tuple(map(combine, self.values, other.values)),
            cpu_values=tuple(map(combine, self.cpu_values, other.cpu_values)),
        )


class Command(NamedTuple):
    """A process to be measured; `before` runs each time before it, outside of the measurement."""

    argv: Sequence[str | Path]
    before: Callable[[], object] = tuple


def python(script: str, *arguments: str | Path | int) -> list[str | Path]:
    """The command line of a script of this folder."""
    return [sys.executable, HERE / script, *map(str, arguments)]


def warehouse_command(*arguments: str | Path) -> list[str | Path]:
    """The command line of artifact-warehouse."""
    return [sys.executable, "-m", "artifact_warehouse", *arguments]


class Once(NamedTuple):
    """What one run of a process took, with all that it started: seconds, processor seconds, peak memory in bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run_once(command: Command) -> Once:
    """Run a process from start to end. Raises Failed."""
    command.before()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        family = _Family(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        family.is_over.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise Failed(f"{[*map(str, command.argv)]}: {errors.read().decode(errors='replace')}")
    alone = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Once(seconds, usage.ru_utime + usage.ru_stime, max(alone, family.peak_bytes))


class _Family:
    """The memory of a process together with those that it starts, fifty times a second.

    What a process alone has at its peak the kernel says exactly; of several it says only the largest. Counted are the
    private pages of all, and the shared ones (libraries, mostly) of the one that has the most of them.
    """

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self.is_over = threading.Event()
        self._pids = {pid}
        self._strangers: set[int] = set()
        if Path("/proc/self/statm").exists():
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self.is_over.wait(0.02):
            self._look_for_children()
            if len(self._pids) > 1:
                pages = [_pages(pid) for pid in self._pids]
                used = sum(resident - shared for resident, shared in pages) + max(shared for _, shared in pages)
                self.peak_bytes = max(self.peak_bytes, used * os.sysconf("SC_PAGESIZE"))

    def _look_for_children(self) -> None:
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - a list of names is quicker
        for pid in sorted(pids - self._pids - self._strangers):
            try:
                parent = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            (self._pids if parent in self._pids else self._strangers).add(pid)


def _pages(pid: int) -> tuple[int, int]:
    """Resident pages, and how many of them are shared; none of a process that has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    except (OSError, ValueError):
        return 0, 0
    return int(resident), int(shared)


def alternate(commands: Mapping[str, Command], repeats: int) -> dict[str, Measured]:
    """Run the commands in turn, so many times."""
    runs: dict[str, list[Once]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(run_once(command))
    return {
        name: Measured(
            tuple(once.seconds for once in found),
            tuple(once.cpu_seconds for once in found),
            max(once.peak_bytes for once in found),
        )
        for name, found in runs.items()
    }


def ask(script: str, *arguments: str | Path | int, said: object = None) -> Any:
    """What a script of this folder answers, in JSON, on stdout; `said` is what it gets, in JSON, on stdin."""
    done = subprocess.run(
        python(script, *arguments), input=json.dumps(said), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{script} {[*map(str, arguments)]}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def warm(*folders: Path) -> None:
    """Read all files once, so that they are in the page cache for everyone."""
    for folder in folders:
        for path in [folder] if folder.is_file() else folder.rglob("*.json"):
            with path.open("rb") as file:
                while file.read(MIB):
                    pass
