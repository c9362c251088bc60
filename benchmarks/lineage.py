"""One node's ancestors against the whole closure, and the whole closure against networkx, in one run.

Prints a line for each case: the median of five alternating runs, as a ratio against its named baseline.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx

from artifact_warehouse import Warehouse

NODES, LAYERS, PARENTS = 5_000, 20, 3


def graph(seed: int = 1) -> list[tuple[str, str]]:
    """Edges (parent, child) of a layered project with edges that skip layers."""
    rng, width, edges = random.Random(seed), NODES // LAYERS, set()
    for layer in range(1, LAYERS):
        for i in range(width):
            for _ in range(PARENTS):
                above = layer - 1 if rng.random() < 0.6 else rng.randrange(layer)
                edges.add((f"model.p.m{above}_{rng.randrange(width)}", f"model.p.m{layer}_{i}"))
    return sorted(edges)


def manifest(edges: list[tuple[str, str]]) -> dict:
    parents: dict[str, list[str]] = {}
    for parent, child in edges:
        parents.setdefault(parent, [])
        parents.setdefault(child, []).append(parent)
    url = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    metadata = {"dbt_schema_version": url, "generated_at": "2026-11-01T00:00:00Z", "project_name": "p"}
    nodes = {
        node: {"resource_type": "model", "package_name": "p", "name": node, "depends_on": {"nodes": above}}
        for node, above in parents.items()
    }
    return {"metadata": metadata, "nodes": nodes, "macros": {}}


def medians(cases: dict[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """The median seconds of each case, run in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, run in cases.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def main() -> None:
    edges = graph()
    upwards = nx.DiGraph((child, parent) for parent, child in edges)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "manifest.json"
        file.write_text(json.dumps(manifest(edges)))
        path = Path(folder) / "wh.duckdb"
        Warehouse(path).load(file)
        with Warehouse(path, read_only=True) as wh:
            last = edges[-1][1]
            times = medians(
                {
                    "closure": lambda: wh.sql("FROM v1.node_ancestors").to_arrow_table(),
                    "one node": lambda: wh.ancestors(last).to_arrow_table(),
                    "one node of the closure": lambda: wh.sql(
                        "FROM v1.node_ancestors WHERE unique_id = ?", [last]
                    ).to_arrow_table(),
                    "networkx": lambda: dict(nx.all_pairs_shortest_path_length(upwards)),
                }
            )
            pairs = wh.sql("SELECT count(*) FROM v1.node_ancestors").fetchall()[0][0]
    print(f"{NODES} nodes, {len(edges)} edges, {pairs} pairs")
    for name, baseline in (
        ("one node", "closure"),
        ("one node", "one node of the closure"),
        ("closure", "networkx"),
    ):
        ratio = times[name] / times[baseline]
        print(f"{name}: {times[name]:.3f} s = {ratio:.3f} x {baseline} ({times[baseline]:.3f} s)")


if __name__ == "__main__":
    main()
