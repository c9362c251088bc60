"""Queries on one open connection: timed in turn, or one alone.

`python benchmarks/queries.py WAREHOUSE SQL` runs one (or `rustworkx`) and prints its first row. Without arguments,
{"warehouse", "queries": {name: SQL}, "repeats", "warm_ups", "baseline": None or "rustworkx", "is_streamed"} is read
from stdin, and the seconds and rows of each query are printed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from artifact_warehouse import Warehouse


def rustworkx_closure(warehouse: Warehouse) -> Callable[[], pa.Table]:
    """A function that computes unique_id, ancestor_unique_id and distance from the edges, which are read here.

    `digraph_distance_matrix` (parallel, a dense matrix) is the fastest function of rustworkx for this: about 0.4 of
    the time of `all_pairs_dijkstra_path_lengths`.
    """
    import numpy as np
    import rustworkx as rx

    named = warehouse.sql("SELECT child_unique_id, parent_unique_id FROM v1.node_edges").fetchall()
    ids = sorted({unique_id for edge in named for unique_id in edge})
    places = {unique_id: place for place, unique_id in enumerate(ids)}
    edges = [(places[child], places[parent]) for child, parent in named]

    def distances() -> pa.Table:
        graph = rx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(ids)
        graph.add_edges_from_no_data(edges)
        matrix = rx.digraph_distance_matrix(graph).ravel()
        cells = np.flatnonzero(matrix)
        pairs = np.divmod(cells, len(ids))
        columns = (pa.DictionaryArray.from_arrays(pa.array(p.astype(np.int32)), pa.array(ids)) for p in pairs)
        distance = pa.array(matrix[cells].astype(np.int32))
        return pa.table([*columns, distance], names=["unique_id", "ancestor_unique_id", "distance"])

    return distances


def alone(warehouse: Warehouse, sql: str) -> list[Any]:
    """The first row of a result that is fetched as a whole."""
    table = rustworkx_closure(warehouse)() if sql == "rustworkx" else warehouse.sql(sql).to_arrow_table()
    return [*table.slice(0, 1).to_pylist()[0].values()] if table.num_rows else []


def in_turn(warehouse: Warehouse, said: dict[str, Any]) -> dict[str, Any]:
    """The seconds of every repeat of each query, and its number of rows. Warm-ups are not timed."""

    def fetch(sql: str) -> int:
        relation = warehouse.sql(sql)
        if said.get("is_streamed"):  # all rows as Arrow, none kept
            return sum(batch.num_rows for batch in relation.to_arrow_reader())
        return int(relation.to_arrow_table().num_rows)

    calls: dict[str, Callable[[], int]] = {name: partial(fetch, sql) for name, sql in said["queries"].items()}
    if said.get("baseline") == "rustworkx":
        distances = rustworkx_closure(warehouse)
        calls["rustworkx"] = lambda: int(distances().num_rows)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    rows: dict[str, int] = {}
    for turn in range(-said["warm_ups"], said["repeats"]):
        for name, call in calls.items():
            start = time.perf_counter()
            rows[name] = call()
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    return {"seconds": seconds, "rows": rows}


def main() -> None:
    said = json.load(sys.stdin) if len(sys.argv) == 1 else None
    path = said["warehouse"] if said else sys.argv[1]
    with Warehouse(Path(path), read_only=True) as warehouse:
        answer = in_turn(warehouse, said) if said else alone(warehouse, sys.argv[2])
    print(json.dumps(answer, default=str))


if __name__ == "__main__":
    main()
