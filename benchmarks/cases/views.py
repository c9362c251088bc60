"""Views over many node executions, and the closure of a large graph.

Times are of queries on one open connection, in turn, with the result fetched as Arrow; peak memory is of a process
that runs the query alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import Bench, Row, say
from measure import Measured, ask, query_times, query_value

BASELINE = "SELECT unique_id, count(*), avg(execution_seconds) FROM v1.node_executions GROUP BY 1"
PLAIN = "count and mean by node on v1.node_executions"
RATES = ("run_success_rates", "node_success_rates", "node_execution_times", "test_failure_rates")
OTHERS = ("snapshot_changes", "invocations", "nodes", "tests")
OPERATIONS = (
    *("failure_incidents", "reliability", "test_recoveries", "flaky_tests", "execution_time_regressions"),
    *("logical_runs", "logical_run_nodes", "logical_run_success_rates", "thread_utilization"),
    *("node_criticality", "costs", "materialization_waste", "coverage_history", "project_rules"),
)
SCHEDULES = ("run_timelines", "critical_paths")
"""Views with a recursion for every run. They take a minute, so they are measured once, over fewer executions."""
CLOSURE = "FROM v1.node_ancestors"


def warehouse_of(bench: Bench, copies: int) -> Path:
    """A warehouse with `copies` times 30 days of a project of 1,000 models, each about 100,000 executions."""
    folder = bench.made("executions", "executions", of_package=True, models=bench.pick(1000, 300))
    path = folder / f"{copies}.duckdb"
    if not path.exists():
        had = max(int(other.stem) for other in folder.glob("*.duckdb") if int(other.stem) < copies)
        say(f"  multiplying executions by {copies}")
        target = bench.copy(folder / f"{had}.duckdb", path.name)
        copied = {"warehouse": str(target), "first": had, "last": copies}
        ask("data.py", folder / "runs", "multiply", json.dumps(copied))
        ask("checks.py", "multiplied", target, folder / "1.duckdb")
        target.replace(path)
    return path


def queries(names: tuple[str, ...]) -> dict[str, str]:
    """The views and the baseline."""
    return {"baseline": BASELINE, **{name: f"FROM v1.{name}" for name in names}}


def executions_in(warehouse: Path) -> int:
    """The number of node executions of a warehouse."""
    return int(query_value(warehouse, "SELECT count(*) FROM v1.node_executions"))


def _rows(warehouse: Path, found: dict[str, Measured], goals: dict[str, float | None]) -> Iterator[Row]:
    count = executions_in(warehouse)
    for name, goal in goals.items():
        yield Row(f"v1.{name} over {count:,} executions", PLAIN, goal, found[name], found["baseline"])


def rates(bench: Bench) -> Iterator[Row]:
    """Every rate and time view over 5 million executions; a few others for information."""
    warehouse = warehouse_of(bench, bench.pick(50, 5))
    goals = dict.fromkeys(RATES, 4.0) | ({} if bench.is_quick else dict.fromkeys(OTHERS, None))
    found = query_times(warehouse, queries((*goals,)), bench.repeats, has_peaks=True)
    yield from _rows(warehouse, found, goals)


def operations(bench: Bench) -> Iterator[Row]:
    """Every view of operations over 5 million executions, and the macros that ask about one run."""
    warehouse = warehouse_of(bench, bench.pick(50, 5))
    turns = min(bench.repeats, 3)
    found = query_times(warehouse, queries(OPERATIONS), turns, has_peaks=True)
    yield from _rows(warehouse, found, dict.fromkeys(OPERATIONS, 4.0))
    fewer = warehouse_of(bench, bench.pick(10, 1))
    once = query_times(fewer, queries(SCHEDULES), 1, warm_ups=0, has_peaks=True)
    yield from _rows(fewer, once, dict.fromkeys(SCHEDULES, 4.0))
    run = query_value(warehouse, "SELECT max(invocation_id) FROM v1.invocations WHERE is_executing")
    asked = {f"v1.{name}": f"FROM v1.{name}('{run}')" for name in ("run_timeline_of", "critical_path_of")}
    asked["v1.simulate_run with 8 threads"] = f"FROM v1.simulate_run('{run}', 8)"
    of_one = query_times(warehouse, {"baseline": BASELINE, **asked}, turns)
    for name in asked:
        case = f"{name}, of one run among {executions_in(warehouse):,} executions"
        yield Row(case, PLAIN, 4.0, of_one[name], of_one["baseline"])


def graph(bench: Bench, models: int, **options: Any) -> Path:
    """A warehouse with the manifest of a project whose models have one column."""
    name = f"graph_{models}_{len(options)}"
    made = bench.made(name, "runs", count=1, has_results=False, models=models, columns=1, **options)
    return bench.loaded(f"{name}.duckdb", made)


def closure_times(warehouse: Path, repeats: int) -> dict[str, Measured]:
    """Seconds of the closure and of rustworkx, in turn; the closure's rows are fetched and dropped."""
    asked = {"v1.node_ancestors": CLOSURE, "rustworkx": "rustworkx"}
    return query_times(warehouse, asked, repeats, warm_ups=0, is_streamed=True)


def closure(bench: Bench) -> Iterator[Row]:
    """The whole closure of 5,000 models (20 layers, 3 parents each), and the ancestors of one."""
    nodes = bench.pick(5000, 1000)
    warehouse = graph(bench, nodes, tests_per_model=0, models_per_source=10**9)
    last = query_value(warehouse, "SELECT max(child_unique_id) FROM v1.node_edges")
    asked = {
        "closure": CLOSURE,
        "one": f"FROM v1.ancestors_of('{last}')",
        "filtered": f"{CLOSURE} WHERE unique_id = '{last}'",
        "rustworkx": "rustworkx",
    }
    found = query_times(warehouse, asked, bench.repeats, has_peaks=True)
    ask("checks.py", "closure", warehouse)
    pairs = (found["closure"].rows or 0) / 1e6
    case = f"the whole closure of {nodes:,} nodes, {pairs:.1f} million pairs with distances"
    yield Row(case, "rustworkx: distance_matrix into an Arrow table", 10.0, found["closure"], found["rustworkx"], 3.0)
    case = f"ancestors of one of {nodes:,} nodes"
    yield Row(case, "the closure, filtered to it", 0.05, found["one"], found["filtered"])
