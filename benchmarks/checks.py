"""Compares the views with the tests' oracle: `python benchmarks/checks.py NAME WAREHOUSE PATH …`.

The oracle (tests/support/oracle.py) computes the answers from the JSON with plain Python. Ends with an error that lists
the differences.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from artifact_warehouse import Warehouse

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

import comparison
from oracle import Oracle


def insist(what: str, found: object, expected: object) -> None:
    """Exit with an error where a view's answer is not the expected one."""
    if found != expected:
        sys.exit(f"{what}: {str(found)[:2000]}, not {str(expected)[:2000]}")


def run_results(warehouse: Warehouse, *paths: Path) -> None:
    """Invocations, status classes, rates and times of every node, and all compiled code."""
    oracle = Oracle.read(paths)
    for compare in comparison.COMPARISONS:
        if compare not in (comparison.edges, comparison.ancestors):
            insist(f"differences of {compare.__name__}", compare(warehouse, oracle), [])
    wanted = sum(len(r.get("compiled_code") or "") for c in _contents(paths, "run_results") for r in c["results"])
    query = "SELECT coalesce(sum(length(compiled_code)), 0)::BIGINT FROM v1.node_executions"
    insist("length of all compiled code", warehouse.sql(query).fetchall(), [(wanted,)])


def manifests(warehouse: Warehouse, *paths: Path) -> None:
    """The edges of the last manifest, the code of its nodes, and the versions of all definitions."""
    oracle = Oracle.read(paths)
    insist("artifacts", comparison.artifacts(warehouse, oracle), [])
    insist("edges", comparison.edges(warehouse, oracle), [])
    versions: Counter[str] = Counter()
    raw_codes: dict[str, str] = {}
    for content in _contents(paths, "manifest"):
        nodes = {key: node for key, node in content["nodes"].items() if node["resource_type"] in ("model", "test")}
        versions.update(key for key, node in nodes.items() if raw_codes.get(key) != node["raw_code"])
        raw_codes |= {key: node["raw_code"] for key, node in nodes.items()}
    of_types = "WHERE resource_type IN ('model', 'test')"
    found = warehouse.sql(f"SELECT unique_id, raw_code, compiled_code FROM v1.nodes {of_types}").fetchall()
    insist("raw codes", {row[0]: row[1] for row in found}, raw_codes)
    compiled = {key: node["compiled_code"] for key, node in nodes.items() if node.get("compiled_code") is not None}
    insist("compiled codes", {row[0]: row[2] for row in found if row[0] in compiled}, compiled)
    found = warehouse.sql(f"SELECT unique_id, count(*) FROM v1.definitions {of_types} GROUP BY ALL").fetchall()
    insist("versions of each definition", dict(found), dict(versions))


def has_run(warehouse: Warehouse, path: Path) -> None:
    """The results of one run, and the integrity of the warehouse."""
    [content] = _contents((path,), "run_results")
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


def _contents(paths: tuple[Path, ...], kind: str) -> list[dict[str, Any]]:
    """The artifacts of a kind, ordered by generated_at."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob(f"{kind}.json"))]
    found = [json.loads(file.read_bytes()) for file in files]
    return sorted(found, key=lambda content: str(content["metadata"]["generated_at"]))


def main() -> None:
    name, path, *paths = sys.argv[1:]
    with Warehouse(path, read_only=True) as warehouse:
        globals()[name](warehouse, *map(Path, paths))


if __name__ == "__main__":
    main()
