"""A warehouse that has seen many runs: the nightly job, and what it all weighs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench import Bench, Case, Row, constant
from cases import querying
from measure import Command, Failed, alternate, ask, warehouse_command, warm


def nightly(bench: Bench) -> Iterator[Row]:
    """One new run, manifest and run_results of 500 models, into a warehouse with 10,000 runs."""
    runs, models = bench.pick(10_000, 1000), bench.pick(500, 100)
    made = bench.made("nightly", "data.py", "nightly", runs, models, needs="warehouse")
    new = made / "next"
    warm(new)
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
    """The warehouse's size after 500 runs of a project of 1,000 models, 1 % of nodes changed a run."""
    runs, models = bench.pick(500, 20), bench.pick(1000, 100)
    target = bench.scratch("size.duckdb")
    said = ask("data.py", bench.scratch("size"), "years", target, runs, models)
    for query, expected in (
        ("SELECT count(*) FROM v1.node_executions", said["results"]),
        ("SELECT count(*) FROM v1.definitions WHERE resource_type IN ('model', 'test')", said["versions"]),
    ):
        if (found := querying.value(target, query)) != expected:
            raise Failed(f"{query}: {found}, not {expected}")
    file_bytes = constant(target.stat().st_size)
    case = f"warehouse size after {runs} runs of {models:,} models, manifests and run_results"
    yield Row(case, "total JSON bytes", 0.01, file_bytes, constant(said["json_bytes"]))


CASES = (
    Case("nightly", "one new run into a warehouse with 10,000 runs", nightly),
    Case("size", "warehouse size after 500 runs of 1,000 models", size),
)
