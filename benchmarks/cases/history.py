"""A warehouse with many runs: the nightly job and the size of the file. And the start of a process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial

from bench import Bench, Row, constant, orjson_loads
from measure import Command, Failed, alternate, ask, query_value, run_once, warehouse_command


def nightly(bench: Bench) -> Iterator[Row]:
    """One new run, manifest and run_results, into a warehouse with many runs."""
    runs, models = bench.pick(10_000, 1000), bench.pick(500, 100)
    made = bench.made("nightly", "nightly", of_package=True, count=runs, models=models)
    new = made / "next"
    run_once(orjson_loads(new))
    target = bench.work / "scratch" / "nightly.duckdb"
    load = warehouse_command("load", target, new)
    commands = {
        name: Command(load, partial(bench.copy, made / f"{name}.duckdb", target.name)) for name in ("empty", "full")
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "has_run", target, new)
    case = f"one new run of {models} models into a warehouse with {runs:,} runs"
    yield Row(case, "the same into an empty warehouse", 1.3, found["full"], found["empty"])


def size(bench: Bench) -> Iterator[Row]:
    """The warehouse's size after many runs of a project, 1 % of nodes changed a run."""
    runs, models = bench.pick(500, 20), bench.pick(1000, 100)
    target = bench.scratch("size.duckdb")
    sizes = json.dumps({"warehouse": str(target), "count": runs, "models": models})
    said = ask("data.py", bench.scratch("size"), "years", sizes)
    if (found := query_value(target, "SELECT count(*) FROM v1.node_executions")) != said["results"]:
        raise Failed(f"the warehouse has {found} executions, not {said['results']}")
    case = f"warehouse size after {runs} runs of {models:,} models, manifests and run_results"
    yield Row(case, "total JSON bytes", 0.01, constant(target.stat().st_size), constant(said["json_bytes"]))


def startup(bench: Bench) -> Iterator[Row]:
    """import artifact_warehouse, and artifact-warehouse --version."""
    commands = {
        "import": Command([sys.executable, "-c", "import artifact_warehouse"]),
        "version": Command(warehouse_command("--version")),
        "duckdb": Command([sys.executable, "-c", "import duckdb"]),
    }
    alternate(commands, 1)  # compiles bytecode
    found = alternate(commands, 4 * bench.repeats)
    baseline = 'python -c "import duckdb"'
    yield Row("import artifact_warehouse", baseline, 1.0, found["import"], found["duckdb"])
    yield Row("artifact-warehouse --version", baseline, 1.0, found["version"], found["duckdb"])
