"""The processor time of a load, by module of the package: `python benchmarks/profiling.py WAREHOUSE FOLDER`.

py-spy samples the stacks of the load's processes, workers included, and leaves out threads that sleep or wait
(https://github.com/benfred/py-spy). A sample counts for the innermost function of the package on its stack, so rows
are named by the files and functions that exist. Native threads of DuckDB and Arrow have no Python stack and no sample.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measure import Command, run_once, warehouse_command

_FRAME = re.compile(r"(?P<function>\S+) \((\S*/)?artifact_warehouse/(?P<module>\S+?)(/__init__)?\.py:\d+\)")


def place_of(stack: str) -> tuple[str, str]:
    """The innermost module of the package on a stack, and the function there."""
    for frame in reversed(stack.split(";")):
        if "importlib._bootstrap" in frame:
            return "imports", "imports"
        if found := _FRAME.fullmatch(frame):
            return found["module"], f"{found['module']}: {found['function']}"
    return "outside of the package", "outside of the package"


def main() -> None:
    target, folder = sys.argv[1:]
    samples: dict[str, Counter[str]] = {"module": Counter(), "function": Counter()}
    with tempfile.NamedTemporaryFile("r") as stacks:
        spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--subprocesses", "--rate", "200"]
        load = warehouse_command("load", target, folder)
        turn = run_once(Command([*spy, "--format", "raw", "--output", stacks.name, "--", *load]))
        for line in Path(stacks.name).read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            for kind, place in zip(samples, place_of(stack), strict=True):
                samples[kind][place] += int(count)
    shares = {kind: [(p, n / found.total()) for p, n in found.most_common(15)] for kind, found in samples.items()}
    print(json.dumps({"seconds": turn.cpu_seconds, **shares}))


if __name__ == "__main__":
    main()
