"""Mutants of archives, of Parquet and of artifacts: each costs what its limits allow, and none is an uncaught error.

    python mutants.py archives|parquet|artifacts FOLDER [COUNT] [SEED]

Each mutant is read and flattened in a process of its own, whose memory and processor time are measured. A hundred at a
time are then loaded by the command line into one warehouse, which is verified at the end. What breaks a rule is kept
in FOLDER/finds.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import select
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parents[1] / "fuzz"))

import archive_mutations
import parquet_mutations
import pyarrow.compute  # noqa: F401 (imported before the forks)
from mutations import mutant as json_mutant
from mutations import parsed
from seeds import seeds

from artifact_warehouse.extract.discover import File
from artifact_warehouse.limits import Limits
from artifact_warehouse.load.batches import Flattener, Policy
from artifact_warehouse.process import install_processor_clock

MB = 1024 * 1024
LIMITS = Limits(artifact_bytes=16 * MB, archive_bytes=64 * MB, processor_seconds=10)
MOST_BYTES = 150 * MB
"""A reader holds a few megabytes, and an artifact some times: bytes, texts, rows."""
MOST_SECONDS, MOST_SECONDS_OF_LOAD = 120, 3600
"""Seconds of processor time, after which the kernel ends a process: a busy machine breaks no rule."""
LOOK_SECONDS = 15
BATCH = 100
LOAD_OPTIONS = ("--max-artifact-size", "16MiB", "--max-archive-size", "64MiB", "--log-format", "json")

Mutant = tuple[str, bytes]
"""A name and a content."""


class Cost(NamedTuple):
    """What reading one mutant cost, and what became of it: an exit status, and outcomes without their rows."""

    status: int
    memory_bytes: int
    processor_seconds: float
    outcomes: list[Any]


def read_alone(path: Path) -> Cost:
    """Read and flatten a file in a copy of this process."""
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        _child(path, writing)
    os.close(writing)
    look = None
    while not select.select([reading], [], [], LOOK_SECONDS)[0]:
        last, look = look, progress(pid)
        if look == last and not look[0]:
            os.kill(pid, 9)
            break
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read()
    _, status, used = os.wait4(pid, 0)
    before, outcomes = pickle.loads(answer) if answer else (0, [])
    return Cost(status, used.ru_maxrss * 1024 - before, used.ru_utime + used.ru_stime, outcomes)


def progress(pid: int) -> tuple[bool, int]:
    """Whether a process has a thread that runs or waits for a processor or a disk; its clock ticks until now."""
    found = [stat.read_text().rpartition(")")[2].split() for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    return any(fields[0] in "RD" for fields in found), sum(int(fields[11]) + int(fields[12]) for fields in found)


def limited(seconds: int) -> None:
    """Limit the processor time of this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _child(path: Path, writing: int) -> None:
    try:
        limited(MOST_SECONDS)
        install_processor_clock(kills=False)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        parts = Flattener(Policy(LIMITS)).batches([[File(str(path), is_named=True)]])
        outcomes = [outcome for part in parts for batch in part for outcome in batch.outcomes]
        os.write(writing, pickle.dumps((before, [(o.status, o.reason, o.trace) for o in outcomes[:100]])))
        os._exit(0)
    finally:
        os._exit(99)


def broken_rule(cost: Cost, size_bytes: int) -> str | None:
    """The rule that a mutant breaks."""
    if cost.status:
        return f"ended with {cost.status}"
    if trace := next((trace for _, _, trace in cost.outcomes if trace), None):
        return "an unexpected error " + trace.strip().rsplit("\n", 1)[-1]
    if cost.memory_bytes > MOST_BYTES:
        return f"takes {cost.memory_bytes // MB} MB"
    if cost.processor_seconds > 2 * LIMITS.processor_seconds + (LIMITS.archive_bytes + size_bytes) / MB:
        return f"takes {cost.processor_seconds:.1f} seconds"
    return None


def archives(rng: Random) -> Mutant:
    return archive_mutations.mutant(rng)


def parquet(rng: Random) -> Mutant:
    return parquet_mutations.mutant(rng)


ARTIFACTS: list[bytes] = []


def artifacts(rng: Random) -> Mutant:
    ARTIFACTS.extend([] if ARTIFACTS else seeds())
    start = rng.randrange(len(ARTIFACTS))
    some = [ARTIFACTS[(start + offset) % len(ARTIFACTS)] for offset in range(5)]
    return "manifest.json", json_mutant(some[0], rng, [parsed(data) for data in some])


KINDS: dict[str, Callable[[Random], Mutant]] = {"archives": archives, "parquet": parquet, "artifacts": artifacts}


def load(warehouse: Path, folder: Path) -> str | None:
    """Load a folder by the command line; what is wrong with that."""
    call = [sys.executable, "-m", "artifact_warehouse", "load", str(warehouse), str(folder), *LOAD_OPTIONS]
    limit = partial(limited, MOST_SECONDS_OF_LOAD)
    done = subprocess.run(call, capture_output=True, text=True, check=False, preexec_fn=limit)
    if done.returncode not in (0, 1):
        return f"load ended with {done.returncode}: {done.stderr[-2000:]}"
    events = [json.loads(line) for line in done.stderr.splitlines()]
    return next((f"load has a trace: {event['trace'][-500:]}" for event in events if event.get("trace")), None)


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    count, seed = (int(text) for text in (*sys.argv[3:], *("3000", "0")[len(sys.argv[3:]) :]))
    rng, said, rules = Random(f"{kind} {seed}"), Counter[str](), Counter[str]()
    highest = Cost(0, 0, 0.0, [])
    finds, warehouse = folder / "finds", folder / f"{kind}.duckdb"
    finds.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    for first in range(0, count, BATCH):
        batch = folder / "batch"
        for number in range(first, min(first + BATCH, count)):
            name, content = KINDS[kind](rng)
            path = batch / str(number) / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            cost = read_alone(path)
            if cost.status and cost.processor_seconds < 1:  # the copy waits for a lock that a thread held at the fork
                cost = read_alone(path)
            said.update({status for status, _, _ in cost.outcomes})
            highest = Cost(0, max(highest[1], cost[1]), max(highest[2], cost[2]), [])
            if rule := broken_rule(cost, len(content)):
                if not rules[rule]:
                    print(f"{number} {name}: {rule}", flush=True)
                    shutil.copytree(path.parent, finds / f"{kind}_{number}", dirs_exist_ok=True)
                rules[rule] += 1
        if wrong := load(warehouse, batch):
            print(f"batch {first}: {wrong}", flush=True)
            rules[wrong] += 1
            shutil.copytree(batch, finds / f"{kind}_batch_{first}", dirs_exist_ok=True)
        shutil.rmtree(batch)
    verify = [sys.executable, "-m", "artifact_warehouse", "verify", str(warehouse)]
    code = subprocess.run(verify, check=False, stdout=subprocess.DEVNULL).returncode
    print(
        f"{count} mutants of {kind}, seed {seed}, in {time.monotonic() - started:.0f} s: {dict(said)}; at most "
        f"{highest.memory_bytes / MB:.0f} MB and {highest.processor_seconds:.2f} s; verify ended with {code}; "
        f"broken rules: {sum(rules.values())}"
    )
    sys.exit(1 if rules or code else 0)


if __name__ == "__main__":
    main()
