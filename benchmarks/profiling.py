"""Where the time of a cold load goes: `python benchmarks/profiling.py WAREHOUSE FOLDER` prints shares in JSON.

A timer interrupts the load five hundred times a second, and the time since the last interruption goes to the step whose
functions are on the stack. (A call into C is interrupted when it returns, and so gets all of its time.) The process has
one processor only, so that the load does all its work here and in one thread.
"""

from __future__ import annotations

import json
import linecache
import os
import re
import signal
import sys
import time
from collections import defaultdict
from types import FrameType

STEPS = (
    ("start-up", r"importlib\._bootstrap|startup\."),
    ("settling", r"writing\.settle|internal\.settled"),
    ("commit and checkpoint", r"store\.\S* .*(COMMIT|CHECKPOINT|\.close\(\))"),
    ("migrating (tables and views)", r"store\.migrate|views\.|sqlfiles\."),
    ("inserting", r"store\.(write|_insert|_merge_uris|_drop_repeated|_register)"),
    ("reading and hashing", r"discover\.|reading\.|content_id|read_bytes|hashlib"),
    ("decoding", r"jsontext\.|msgspec|artifact\.parse|artifact\.Artifact"),
    ("building rows and columns", r"flatten\.|digest\.|rows\.|pyarrow"),
    ("looking up what is there", r"store\."),
)
"""The first whose pattern is found in a line `module.function source line` of a stack has the sample."""


def step_of(frame: FrameType | None) -> tuple[str, str]:
    """The step that a stack belongs to, and its innermost function of the package."""
    lines, innermost = [], ""
    while frame:
        module = str(frame.f_globals.get("__name__", "")).removeprefix("artifact_warehouse.")
        code = frame.f_code
        source = linecache.getline(code.co_filename, frame.f_lineno or 0).strip()
        lines.append(f"{module}.{code.co_name} {source}")
        if "artifact_warehouse" in code.co_filename and not innermost:
            innermost = f"{module}.{code.co_name}"
        frame = frame.f_back
    stack = "\n".join(lines)
    step = next((name for name, pattern in STEPS if re.search(pattern, stack)), "the rest")
    return step, innermost or "outside of the package"


class Profile:
    """Seconds by step and by function, as a handler of a timer's signals."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = defaultdict(float)
        self.functions: dict[str, float] = defaultdict(float)
        self._last = time.perf_counter()

    def __call__(self, _signal: int, frame: FrameType | None) -> None:
        now = time.perf_counter()
        step, function = step_of(frame)
        self.steps[step] += now - self._last
        self.functions[function] += now - self._last
        self._last = time.perf_counter()


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    profile = Profile()
    signal.signal(signal.SIGALRM, profile)
    signal.siginterrupt(signal.SIGALRM, False)
    start = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    from artifact_warehouse.cli import main as command_line

    sys.argv[1:1] = ["load"]
    said, sys.stdout = sys.stdout, sys.stderr
    try:
        command_line()
    except SystemExit as ended:
        if ended.code:
            raise
    seconds = time.perf_counter() - start
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.stdout = said
    answer = {"seconds": seconds, "steps": _shares(profile.steps), "functions": _shares(profile.functions, 12)}
    print(json.dumps(answer))


def _shares(seconds: dict[str, float], count: int | None = None) -> dict[str, float]:
    """The share of each, the largest first."""
    total = sum(seconds.values())
    return {name: part / total for name, part in sorted(seconds.items(), key=lambda item: -item[1])[:count]}


if __name__ == "__main__":
    main()
