"""Queries on one open connection, timed in turn: `python benchmarks/queries.py JSON`.

The argument is {"warehouse", "queries": {name: SQL, or "rustworkx"}, "repeats", "warm_ups", "is_streamed"}. Prints
{name: [seconds of each turn, number of rows, first row]}; warm-ups are not timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
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


def _fetcher(warehouse: Warehouse, sql: str, is_streamed: bool) -> Callable[[], tuple[int, list[Any]]]:
    """A function that fetches all rows as Arrow and gives their number and the first; streamed rows are not kept."""
    distances = rustworkx_closure(warehouse) if sql == "rustworkx" else None

    def fetch() -> tuple[int, list[Any]]:
        if is_streamed and not distances:
            return sum(batch.num_rows for batch in warehouse.sql(sql).to_arrow_reader()), []
        table = distances() if distances else warehouse.sql(sql).to_arrow_table()
        return table.num_rows, [[*row.values()] for row in table.slice(0, 1).to_pylist()]

    return fetch


def in_turn(warehouse: Warehouse, said: dict[str, Any]) -> dict[str, Any]:
    """Seconds, rows and first row of each query."""
    fetchers = {name: _fetcher(warehouse, sql, said["is_streamed"]) for name, sql in said["queries"].items()}
    seconds: dict[str, list[float]] = {name: [] for name in fetchers}
    results: dict[str, tuple[int, list[Any]]] = {}
    for turn in range(-said["warm_ups"], said["repeats"]):
        for name, fetch in fetchers.items():
            start = time.perf_counter()
            results[name] = fetch()
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: [seconds[name], *results[name]] for name in fetchers}


if __name__ == "__main__":
    said = json.loads(sys.argv[1])
    with Warehouse(said["warehouse"], read_only=True) as warehouse:
        print(json.dumps(in_turn(warehouse, said), default=str))
