"""The processor time of a load, by module of the package: `python benchmarks/profiling.py WAREHOUSE FOLDER`.

py-spy samples the stacks of the load's processes, workers included; it leaves out threads that sleep or wait
(https://github.com/benfred/py-spy). A sample counts for the innermost function of the package on its stack, so rows
are named by the files and functions that exist. Native threads of DuckDB and Arrow without Python code are not sampled.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measure import Command, run_once, warehouse_command

PER_SECOND = 200
_FRAME = re.compile(r"(\S+) \((?:\S*/)?artifact_warehouse/(\S+?)(?:/__init__)?\.py:\d+\)")
"""A frame of the package: a function, and a file below the package."""


def place_of(stack: str) -> tuple[str, str]:
    """Module and function that a stack belongs to, innermost first."""
    for frame in reversed(stack.split(";")):
        if "importlib._bootstrap" in frame:
            return "imports", "imports"
        if found := _FRAME.fullmatch(frame):
            module = found[2].replace("/", ".")
            return module, f"{module}.{found[1]}"
    return "outside of the package", "outside of the package"


def shares(text: str) -> dict[str, dict[str, float]]:
    """The share of each module and of each function in lines of stacks and counts, the largest first."""
    modules: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        module, function = place_of(stack)
        modules[module] += int(count)
        functions[function] += int(count)
    total = modules.total()
    return {
        "modules": {name: count / total for name, count in modules.most_common(15)},
        "functions": {name: count / total for name, count in functions.most_common(15)},
    }


def main() -> None:
    target, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        stacks = Path(scratch) / "stacks"
        spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--subprocesses", "--rate", str(PER_SECOND)]
        load = warehouse_command("load", target, folder)
        turn = run_once(Command([*spy, "--format", "raw", "--output", stacks, "--", *load]))
        print(json.dumps({"seconds": turn.cpu_seconds, **shares(stacks.read_text())}))


if __name__ == "__main__":
    main()
