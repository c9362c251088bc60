"""Whether the views give the answers of the plain path: `python benchmarks/checks.py NAME WAREHOUSE [FOLDER]`.

The plain path reads the JSON with Python and counts, or asks the tables with SQL that shares nothing with the views.
Ends with an error that says what differs.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from artifact_warehouse import Warehouse

CLASSES = {"success": "success", "pass": "success", "warn": "warn", "skipped": "skipped"}
EXECUTED = ("success", "warn", "failure")


class Differs(Exception):
    """An answer of a view is not the plain path's."""


def insist(what: str, found: object, expected: object) -> None:
    """Raises Differs; numbers may differ by rounding."""
    if isinstance(found, float) and isinstance(expected, float) and math.isclose(found, expected, rel_tol=1e-9):
        return
    if found != expected:
        raise Differs(f"{what}: {found!r}, not {expected!r}")


def contents(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The artifacts of a kind below a folder, by their times."""
    found = [orjson.loads(path.read_bytes()) for path in folder.rglob(f"{kind}.json")]
    return iter(sorted(found, key=lambda content: str(content["metadata"]["generated_at"])))


def executions(warehouse: Warehouse, folder: Path) -> None:
    """Counts per status, times, compiled code and rates of every node, from the JSON of all run_results."""
    statuses: Counter[str] = Counter()
    by_node: dict[str, Counter[str]] = defaultdict(Counter)
    times: dict[str, list[float]] = defaultdict(list)
    code_length = file_count = 0
    for path in folder.rglob("run_results.json"):
        content = orjson.loads(path.read_bytes())
        file_count += 1
        executes = content["args"].get("which") not in ("compile", "docs", "generate", "show", "parse", "list")
        for result in content["results"]:
            status_class = CLASSES.get(result["status"], "failure") if executes else "not_executed"
            statuses[result["status"]] += 1
            by_node[result["unique_id"]][status_class] += 1
            times[result["unique_id"]] += [result["execution_time"]] if status_class in ("success", "warn") else []
            code_length += len(result.get("compiled_code") or "")
    rows = warehouse.sql("SELECT status, count(*) FROM v1.node_executions GROUP BY status").fetchall()
    insist("counts per status", dict(rows), dict(statuses))
    insist("invocations", _one(warehouse, "SELECT count(*) FROM v1.invocations"), file_count)
    found = _one(warehouse, "SELECT coalesce(sum(length(compiled_code)), 0) FROM v1.node_executions")
    insist("length of all compiled code", int(found), code_length)
    _rates(warehouse, {k: v for k, v in by_node.items() if v.keys() != {"not_executed"}})
    _times(warehouse, {k: v for k, v in times.items() if v})


def _one(warehouse: Warehouse, query: str) -> Any:
    """The one value of a query."""
    [(value,)] = warehouse.sql(query).fetchall()
    return value


def _rates(warehouse: Warehouse, by_node: dict[str, Counter[str]]) -> None:
    rates = {
        row[0]: row[1:]
        for row in warehouse.sql(
            "SELECT unique_id, executed_count, success_count, warn_count, failure_count, skipped_count "
            "FROM v1.node_success_rates"
        ).fetchall()
    }
    insist("nodes with rates", rates.keys(), by_node.keys())
    for node, counts in by_node.items():
        executed = sum(counts[name] for name in EXECUTED)
        insist(f"counts of {node}", rates[node], (executed, *(counts[name] for name in (*EXECUTED, "skipped"))))


def _times(warehouse: Warehouse, times: dict[str, list[float]]) -> None:
    query = (
        "SELECT unique_id, execution_count, execution_seconds_sum, execution_seconds_median, execution_seconds_max "
        "FROM v1.node_execution_times WHERE execution_count > 0"
    )
    found = {row[0]: row[1:] for row in warehouse.sql(query).fetchall()}
    insist("nodes with times", found.keys(), times.keys())
    for node, seconds in times.items():
        expected = (len(seconds), math.fsum(seconds), statistics.median(seconds), max(seconds))
        for name, mine, plain in zip(("count", "sum", "median", "max"), found[node], expected, strict=True):
            insist(f"{name} of the times of {node}", mine, plain)


def manifests(warehouse: Warehouse, folder: Path) -> None:
    """The last manifest's nodes, edges and code, and how often each raw code changed, from the JSON of all."""
    compiled: dict[str, str] = {}
    versions: Counter[str] = Counter()
    raw: dict[str, str] = {}
    for content in contents(folder, "manifest"):
        last = content
        for unique_id, node in content["nodes"].items():
            if raw.get(unique_id) != node["raw_code"]:
                raw[unique_id] = node["raw_code"]
                versions[unique_id] += 1
            if node.get("compiled_code") is not None:
                compiled[unique_id] = node["compiled_code"]
            elif versions[unique_id] > 1:
                compiled.pop(unique_id, None)
    live = [*last["nodes"].values(), *(n for s in ("sources", "exposures", "macros") for n in last[s].values())]
    types = Counter(node["resource_type"] for node in live)
    query = "SELECT resource_type, count(*) FROM v1.nodes WHERE is_enabled GROUP BY ALL"
    found = {row[0]: row[1] for row in warehouse.sql(query).fetchall() if row[0] in types}
    insist("nodes of each type", found, dict(types))
    edges = sum(len({*parents}) for parents in last["parent_map"].values())
    insist("edges", _one(warehouse, "SELECT count(*) FROM v1.node_edges"), edges)
    query = "SELECT unique_id, raw_code, compiled_code FROM v1.nodes WHERE resource_type IN ('model', 'test')"
    for unique_id, raw_code, compiled_code in warehouse.sql(query).fetchall():
        insist(f"raw code of {unique_id}", raw_code, raw[unique_id])
        if unique_id in compiled:
            insist(f"compiled code of {unique_id}", compiled_code, compiled[unique_id])
    query = "SELECT unique_id, count(*) FROM v1.definitions WHERE resource_type IN ('model', 'test') GROUP BY ALL"
    insist("versions of each definition", dict(warehouse.sql(query).fetchall()), dict(versions))


def has_run(warehouse: Warehouse, folder: Path) -> None:
    """A run's results are there, and the warehouse is sound as a whole."""
    [content] = contents(folder, "run_results")
    statuses = Counter(result["status"] for result in content["results"])
    query = "SELECT status, count(*) FROM v1.node_executions WHERE invocation_id = ? GROUP BY status"
    found = warehouse.sql(query, [content["metadata"]["invocation_id"]]).fetchall()
    insist("counts per status", dict(found), dict(statuses))
    insist("what is broken", warehouse.verify(), [])


def rates(warehouse: Warehouse) -> None:
    """The rate and time views, from the tables with plain SQL; only for what data.py makes: builds, all current."""
    warehouse.connection.execute(
        "CREATE TEMP TABLE plain AS SELECT artifact_key, unique_id, execution_seconds AS seconds, failures, "
        "CASE status WHEN 'pass' THEN 'success' WHEN 'error' THEN 'failure' WHEN 'fail' THEN 'failure' ELSE status END "
        "AS class, execute_completed_at AS completed_at FROM stored.node_executions"
    )
    counts = (
        "count(*) FILTER (class <> 'skipped'), count(*) FILTER (class = 'success'), "
        "count(*) FILTER (class = 'warn'), count(*) FILTER (class = 'failure'), count(*) FILTER (class = 'skipped')"
    )
    last = "max(completed_at) FILTER (class <> 'skipped')"
    pairs = {
        "node_success_rates": (
            "SELECT unique_id, executed_count, success_count, warn_count, failure_count, skipped_count, "
            "last_executed_at FROM v1.node_success_rates",
            f"SELECT unique_id, {counts}, {last} FROM plain GROUP BY ALL",
        ),
        "test_failure_rates": (
            "SELECT unique_id, executed_count, failure_count, last_failures FROM v1.test_failure_rates",
            "SELECT unique_id, count(*) FILTER (class <> 'skipped'), count(*) FILTER (class = 'failure'), "
            "arg_max(failures, completed_at) FILTER (class <> 'skipped') "
            "FROM plain WHERE unique_id LIKE 'test.%' GROUP BY ALL",
        ),
        "node_execution_times": (
            "SELECT unique_id, execution_count, round(execution_seconds_sum, 6), execution_seconds_median, "
            "execution_seconds_p95, execution_seconds_max, round(execution_seconds_stddev, 6), "
            "failed_execution_count FROM v1.node_execution_times",
            "SELECT unique_id, count(*) FILTER (NOT failed), round(sum(seconds) FILTER (NOT failed), 6), "
            "quantile_cont(seconds, 0.5) FILTER (NOT failed), quantile_cont(seconds, 0.95) FILTER (NOT failed), "
            "max(seconds) FILTER (NOT failed), round(stddev_samp(seconds) FILTER (NOT failed), 6), "
            "count(*) FILTER (failed) "
            "FROM (SELECT unique_id, seconds, class = 'failure' AS failed FROM plain WHERE class <> 'skipped') "
            "GROUP BY ALL",
        ),
        "run_success_rates": (
            "SELECT run_date, run_count, success_count, round(elapsed_seconds_avg, 6) FROM v1.run_success_rates",
            "SELECT generated_at::DATE, count(*), count(*) FILTER (failures = 0), round(avg(elapsed_seconds), 6) "
            "FROM stored.artifacts INNER JOIN stored.invocations USING (artifact_key) INNER JOIN "
            "(SELECT artifact_key, count(*) FILTER (class = 'failure') AS failures FROM plain GROUP BY ALL) "
            "USING (artifact_key) GROUP BY ALL",
        ),
    }
    for name, (view, plain) in pairs.items():
        differing = f"SELECT count(*) FROM (({view} EXCEPT {plain}) UNION ALL ({plain} EXCEPT {view}))"
        insist(f"rows of {name} that differ", _one(warehouse, differing), 0)


def closure(warehouse: Warehouse) -> None:
    """Pairs and distances of the closure, and of its last node alone, from rustworkx."""
    from closure import Graph

    graph = Graph.of(warehouse)
    plain = graph.distances()
    warehouse.connection.register("plain", plain)
    mine = "SELECT unique_id, ancestor_unique_id, distance FROM v1.node_ancestors"
    theirs = "SELECT unique_id::VARCHAR, ancestor_unique_id::VARCHAR, distance FROM plain"
    differing = f"SELECT count(*) FROM (({mine} EXCEPT {theirs}) UNION ALL ({theirs} EXCEPT {mine}))"
    insist("pairs that differ", _one(warehouse, differing), 0)
    insist("pairs", _one(warehouse, "SELECT count(*) FROM v1.node_ancestors"), plain.num_rows)
    last = graph.ids[-1]
    found = warehouse.sql("SELECT unique_id, distance FROM v1.ancestors_of(?)", [last]).fetchall()
    rest = "SELECT ancestor_unique_id::VARCHAR, distance FROM plain WHERE unique_id = ?"
    insist(f"ancestors of {last}", sorted(found), sorted(warehouse.sql(rest, [last]).fetchall()))


def main() -> None:
    name, path, *folders = sys.argv[1:]
    with Warehouse(path) as warehouse:
        globals()[name](warehouse, *map(Path, folders))


if __name__ == "__main__":
    main()
