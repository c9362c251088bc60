"""Ten thousand nights of a small project, each a load of its own: does a load cost more as the warehouse grows?

    python nightly_loads.py FOLDER [NIGHTS] [TOGETHER]

The first TOGETHER nights are one load, which takes minutes instead of hours; none unless told otherwise.
Writes FOLDER/nights.csv, a line for each load: the seconds, the seconds of processor time, the most memory, and the
size of the file. Each load is a process of its own. It is forked from this one, which spares the imports; every
hundredth is the command as users start it. The results are counted as they are written, and the file is verified at
the end.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb
import pyarrow.compute as _compute  # noqa: F401 (imported before the forks)

sys.path.append(str(Path(__file__).parents[1] / "support"))

from histories import History

from artifact_warehouse import Warehouse, cli
from artifact_warehouse.extract import expand as _expand  # noqa: F401
from artifact_warehouse.load import load as _load  # noqa: F401

REAL_EVERY = 100


class Cost(NamedTuple):
    seconds: float
    processor_seconds: float
    memory_mb: float


def forked(call: list[str]) -> int:
    """Start the command line in a copy of this process; its process id."""
    if pid := os.fork():
        return pid
    sys.argv = ["artifact-warehouse", *call]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    code = 70
    try:
        cli.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os._exit(code)


def started(call: list[str]) -> int:
    command = [sys.executable, "-m", "artifact_warehouse", *call]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL).pid


def cost(call: list[str], is_real: bool) -> Cost:
    """What a call costs; it must end with 0."""
    start = time.monotonic()
    _, status, used = os.wait4((started if is_real else forked)(call), 0)
    assert status == 0, f"{call} ended with {status}"
    seconds = time.monotonic() - start
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def result_count(night: Path) -> int:
    return sum(len(json.loads(file.read_bytes())["results"]) for file in night.rglob("run_results.json"))


def check(path: Path, nights: int, results: int) -> None:
    with duckdb.connect(str(path), read_only=True) as connection:
        for query, expected in (
            ("SELECT count(*) FROM stored.artifacts WHERE kind = 'run_results'", nights),
            ("SELECT count(*) FROM stored.artifacts WHERE kind = 'manifest'", nights),
            ("SELECT count(*) FROM stored.node_executions", results),
        ):
            [(found,)] = connection.execute(query).fetchall()
            assert found == expected, (query, found, expected)
    with Warehouse(path, read_only=True) as warehouse:
        assert warehouse.verify() == []


def main() -> None:
    folder = Path(sys.argv[1])
    nights, together = (int(text) for text in (*sys.argv[2:], *("10000", "0")[len(sys.argv[2:]) :]))
    path, source = folder / "wh.duckdb", folder / "night"
    history, results = History(source, "shop", Random(1)), 0
    history.has_manifests = True
    for _ in range(together):
        history.random_invocation()
    if together:
        results += result_count(source)
        cost(["load", str(path), str(source)], is_real=True)
        shutil.rmtree(source)
    with (folder / "nights.csv").open("w", newline="") as file:
        log = csv.writer(file)
        log.writerow(["night", "is_real", *Cost._fields, "file_bytes"])
        for night in range(together + 1, nights + 1):
            history.random_invocation()
            results += result_count(source)
            is_real = night % REAL_EVERY == 0
            used = cost(["load", str(path), str(source), "--wait", "60"], is_real)
            log.writerow([night, int(is_real), *(round(value, 4) for value in used), path.stat().st_size])
            shutil.rmtree(source)
            if night % 100 == 0:
                file.flush()
    check(path, nights, results)
    print(f"{nights} nights, {results} results: all there, verified")


if __name__ == "__main__":
    main()
