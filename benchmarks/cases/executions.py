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


def executions_in(warehouse: Path) -> int:
    """How many there are in a warehouse."""
    return int(querying.value(warehouse, "SELECT count(*) FROM stored.node_executions"))


CASES = (Case("views", "every rate and time view over 5 million executions", views),)
