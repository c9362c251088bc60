"""Views over many node executions.

Times are of queries on one open connection, in turn, with the result fetched as Arrow; peak memory is of a process of
its own for each query.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import Bench, Case, Row, say
from cases import querying
from measure import ask

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
"""Every run's own recursion: measured once, and over fewer executions, as a minute is long."""


def warehouse_of(bench: Bench, copies: int) -> Path:
    """A warehouse with 30 days of a project of 1,000 models, so many times over: about 100,000 executions each."""
    folder = bench.made("executions", "data.py", "executions", bench.pick(1000, 300), needs="warehouse")
    path = folder / f"{copies}.duckdb"
    if not path.exists():
        had = max(int(other.stem) for other in folder.glob("*.duckdb") if int(other.stem) < copies)
        say(f"  multiplying executions by {copies}")
        target = bench.copy(folder / f"{had}.duckdb", path.name)
        ask("data.py", target, "multiply", had, copies)
        target.replace(path)
    return path


def queries(names: tuple[str, ...]) -> dict[str, str]:
    """The views and the baseline."""
    return {"baseline": BASELINE, **{name: f"FROM v1.{name}" for name in names}}


def views(bench: Bench) -> Iterator[Row]:
    """Every rate and time view over 5 million executions; a few others for information."""
    warehouse = warehouse_of(bench, bench.pick(50, 5))
    names = (*RATES, *(() if bench.is_quick else OTHERS))
    found = querying.with_peaks(warehouse, queries(names), bench.repeats)
    ask("checks.py", "rates", warehouse)
    count = executions_in(warehouse)
    for name in names:
        goal = 4.0 if name in RATES else None
        yield Row(f"v1.{name} over {count:,} executions", PLAIN, goal, found[name], found["baseline"])


def operations(bench: Bench) -> Iterator[Row]:
    """Every view of operations over 5 million executions, and what is asked of one run."""
    warehouse = warehouse_of(bench, bench.pick(50, 5))
    count = executions_in(warehouse)
    turns = bench.with_repeats(min(bench.repeats, 3)).repeats
    found = querying.with_peaks(warehouse, queries(OPERATIONS), turns)
    for name in OPERATIONS:
        yield Row(f"v1.{name} over {count:,} executions", PLAIN, 4.0, found[name], found["baseline"])
    fewer = warehouse_of(bench, bench.pick(10, 1))
    once = querying.with_peaks(fewer, queries(SCHEDULES), 1, warm_ups=0)
    for name in SCHEDULES:
        case = f"v1.{name} over {executions_in(fewer):,} executions"
        yield Row(case, PLAIN, 4.0, once[name], once["baseline"])
    run = querying.value(warehouse, "SELECT max(invocation_id) FROM v1.invocations WHERE is_executing")
    asked = {f"v1.{name}": f"FROM v1.{name}('{run}')" for name in ("run_timeline_of", "critical_path_of")}
    asked["v1.simulate_run with 8 threads"] = f"FROM v1.simulate_run('{run}', 8)"
    of_one = querying.in_turn(warehouse, {"baseline": BASELINE, **asked}, turns)
    for name in asked:
        yield Row(f"{name}, of one run among {count:,} executions", PLAIN, 4.0, of_one[name], of_one["baseline"])


def executions_in(warehouse: Path) -> int:
    """How many there are in a warehouse."""
    return int(querying.value(warehouse, "SELECT count(*) FROM stored.node_executions"))


CASES = (
    Case("views", "every rate and time view over 5 million executions", views),
    Case("operations", "every view of operations over 5 million executions", operations),
)
