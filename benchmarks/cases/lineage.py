"""The closure of a large graph, and one node of it.

Times are of queries on one open connection, in turn, with the result fetched as Arrow; peak memory is of a process of
its own for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import Bench, Case, Row
from cases import querying
from measure import Measured, ask

CLOSURE = "FROM v1.node_ancestors"


def graph(bench: Bench, nodes: int) -> Path:
    """A warehouse with so many models: 20 layers, 3 parents each, 40 % of the edges skip layers."""
    options = ("--models", nodes, "--columns", 1, "--tests-per-model", 0, "--models-per-exposure", 10**9)
    folder = bench.artifacts(f"graph_{nodes}", *options, "--models-per-source", 10**9, "--runs", 1, "--no-run-results")
    return bench.loaded(f"graph_{nodes}.duckdb", folder)


def project(bench: Bench, models: int) -> Path:
    """A warehouse with a whole project, tests and all."""
    folder = bench.artifacts(f"project_{models}", "--models", models, "--columns", 1, "--runs", 1, "--no-run-results")
    return bench.loaded(f"project_{models}.duckdb", folder)


def times(warehouse: Path, repeats: int) -> dict[str, Measured]:
    """Seconds of the closure and of rustworkx, in turn; the closure's rows are fetched, but not kept."""
    queries = {"v1.node_ancestors": CLOSURE}
    return querying.in_turn(warehouse, queries, repeats, warm_ups=0, baseline="rustworkx", is_streamed=True)


def closure(bench: Bench) -> Iterator[Row]:
    """All ancestors of all nodes with distances, and those of one node."""
    nodes = bench.pick(5000, 1000)
    warehouse = graph(bench, nodes)
    last = querying.value(warehouse, "SELECT max(child_unique_id) FROM v1.node_edges")
    queries = {
        "closure": CLOSURE,
        "one": f"FROM v1.ancestors_of('{last}')",
        "filtered": f"{CLOSURE} WHERE unique_id = '{last}'",
    }
    found = querying.with_peaks(warehouse, queries, bench.repeats, baseline="rustworkx")
    ask("checks.py", "closure", warehouse)
    pairs = (found["closure"].rows or 0) / 1e6
    case = f"the whole closure of {nodes:,} nodes, {pairs:.1f} million pairs with distances"
    yield Row(case, "rustworkx: distance_matrix into an Arrow table", 10.0, found["closure"], found["rustworkx"], 3.0)
    case = f"ancestors of one of {nodes:,} nodes"
    yield Row(case, "the closure, filtered to it", 0.05, found["one"], found["filtered"])


CASES = (Case("closure", "the whole closure of 5,000 nodes, and the ancestors of one", closure),)
