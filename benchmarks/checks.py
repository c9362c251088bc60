"""Compares the views with the tests' oracle: `python benchmarks/checks.py NAME WAREHOUSE PATH …`.

The oracle (tests/support/oracle.py) computes the answers from the JSON with plain Python. Ends with an error that lists
the differences.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from artifact_warehouse import Warehouse

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

import comparison
from oracle import Oracle


def insist(what: str, found: object, expected: object) -> None:
    """Exit with an error where a view's answer is not the expected one."""
    if found != expected:
        sys.exit(f"{what}: {str(found)[:2000]}, not {str(expected)[:2000]}")


def run_results(warehouse: Warehouse, *paths: Path) -> None:
    """Invocations, status classes, rates and times of every node."""
    of_graph = (comparison.edges, comparison.ancestors)
    _compare(warehouse, paths, *(compare for compare in comparison.COMPARISONS if compare not in of_graph))


def manifests(warehouse: Warehouse, *paths: Path) -> None:
    """The edges of the last manifest, and the compiled code of its nodes."""
    _compare(warehouse, paths, comparison.artifacts, comparison.edges)
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("manifest.json"))]
    contents = (json.loads(file.read_bytes()) for file in files)
    last = max(contents, key=lambda content: str(content["metadata"]["generated_at"]))
    compiled = {key: node["compiled_code"] for key, node in last["nodes"].items() if node.get("compiled_code")}
    found = warehouse.sql("SELECT unique_id, compiled_code FROM v1.nodes").fetchall()
    insist("compiled codes", {key: code for key, code in found if key in compiled}, compiled)


def _compare(warehouse: Warehouse, paths: tuple[Path, ...], *comparisons: comparison.Compare) -> None:
    oracle = Oracle.read(paths)
    for compare in comparisons:
        insist(f"differences of {compare.__name__}", compare(warehouse, oracle), [])


def has_run(warehouse: Warehouse, path: Path) -> None:
    """The results of one run, and the integrity of the warehouse."""
    [content] = (json.loads(file.read_bytes()) for file in path.rglob("run_results.json"))
    query = "SELECT status, count(*) FROM v1.node_executions WHERE invocation_id = ? GROUP BY status"
    found = warehouse.sql(query, [content["metadata"]["invocation_id"]]).fetchall()
    insist("counts per status", dict(found), dict(Counter(result["status"] for result in content["results"])))
    insist("faults", warehouse.verify(), [])


def multiplied(warehouse: Warehouse, original: Path) -> None:
    """A warehouse of `data.py multiply`: the counts of its original, several times, and the same median times."""
    query = (
        "SELECT unique_id, executed_count // {0}, success_count // {0}, warn_count // {0}, failure_count // {0}, "
        "skipped_count // {0}, execution_seconds_median, execution_seconds_max FROM v1.node_success_rates "
        "LEFT JOIN v1.node_execution_times USING (unique_id) ORDER BY ALL"
    )
    count = "SELECT count(*) FROM v1.invocations WHERE is_executing"
    with Warehouse(original, read_only=True) as once:
        [(one,)], [(many,)] = once.sql(count).fetchall(), warehouse.sql(count).fetchall()
        expected = once.sql(query.format(1)).fetchall()
    insist("rates and times", warehouse.sql(query.format(many // one)).fetchall(), expected)


def closure(warehouse: Warehouse) -> None:
    """Pairs and distances of the closure, from rustworkx."""
    from queries import rustworkx_closure

    warehouse.connection.register("plain", rustworkx_closure(warehouse)())
    mine = "SELECT unique_id, ancestor_unique_id, distance FROM v1.node_ancestors"
    theirs = "SELECT unique_id::VARCHAR, ancestor_unique_id::VARCHAR, distance FROM plain"
    differing = f"({mine} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {mine})"
    insist("pairs that differ", warehouse.sql(differing).limit(10).fetchall(), [])


if __name__ == "__main__":
    with Warehouse(sys.argv[2], read_only=True) as opened:
        globals()[sys.argv[1]](opened, *map(Path, sys.argv[3:]))
