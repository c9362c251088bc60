"""GraphQL: the example queries of dbt's guide on 500 and 5,000 nodes, and all models, against what they may take."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import quantiles

from bench import Bench, Row, constant
from measure import Measured, ask

GOALS = {500: (0.050, None), 5000: (0.250, 2.0)}
"""Seconds of the example queries at p95, and of all models with their executions, by the number of nodes."""


def serving(bench: Bench) -> Iterator[Row]:
    """The eight queries at p50 and p95 over all turns but the first, which makes the tables; and the whole."""
    for nodes, (goal, whole_goal) in GOALS.items():
        models = nodes * 3 // 10
        runs = bench.made(f"serving_{nodes}", "runs", count=3, models=models)
        found = ask("asking.py", bench.loaded(f"serving_{nodes}.duckdb", runs), bench.pick(20, 5))
        whole = found.pop("whole")[1:]
        seconds = [one for times in found.values() for one in times[1:]]
        cuts = quantiles(seconds, n=20)
        for name, value in (("p50", cuts[9]), ("p95", cuts[18])):
            yield Row(
                f"the example queries of dbt's guide, {nodes:,} nodes, {name}",
                "the goal",
                1.0,
                Measured((value,)),
                constant(goal, "s"),
            )
        if whole_goal:
            yield Row(
                f"all {models:,} models with their executions",
                "the goal",
                1.0,
                Measured(tuple(whole)),
                constant(whole_goal, "s"),
            )
