"""Queries on one open connection: timed in turn, or one alone.

`python benchmarks/queries.py WAREHOUSE SQL` runs one (or `rustworkx`, see closure.py) and prints its first row.
Without arguments, {"warehouse", "queries": {name: SQL}, "repeats", "warm_ups", "baseline": None or "rustworkx",
"is_streamed"} is read from stdin, and the seconds of each printed.
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


def alone(warehouse: Warehouse, sql: str) -> list[Any]:
    """The first row of a result that is fetched as a whole."""
    table = _rustworkx(warehouse)() if sql == "rustworkx" else warehouse.sql(sql).to_arrow_table()
    return [*table.slice(0, 1).to_pylist()[0].values()] if table.num_rows else []


def _rustworkx(warehouse: Warehouse) -> Callable[[], pa.Table]:
    from closure import Graph

    return Graph.of(warehouse).distances


def in_turn(warehouse: Warehouse, said: dict[str, Any]) -> dict[str, Any]:
    """The seconds of each query, and how many rows it gives; before that they are run so many times to warm up."""

    def fetch(sql: str) -> int:
        relation = warehouse.sql(sql)
        if said.get("is_streamed"):  # all rows as Arrow, none kept
            return sum(batch.num_rows for batch in relation.to_arrow_reader())
        return int(relation.to_arrow_table().num_rows)

    calls: dict[str, Callable[[], int]] = {name: partial(fetch, sql) for name, sql in said["queries"].items()}
    if said.get("baseline") == "rustworkx":
        distances = _rustworkx(warehouse)
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
