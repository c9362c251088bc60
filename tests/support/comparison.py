"""Holds the views against the oracle: the same answers, computed from the JSON by other means."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from oracle import Oracle

from artifact_warehouse import Warehouse

NODE = ("project_name", "environment", "unique_id")


def rows_by(wh: Warehouse, query: str, keys: tuple[str, ...]) -> dict[tuple, dict[str, Any]]:
    """The rows of a query as {key: the other columns}; insists that the key is unique."""
    rows = wh.sql(query).to_arrow_table().to_pylist()
    found = {tuple(row[key] for key in keys): {k: v for k, v in row.items() if k not in keys} for row in rows}
    assert len(found) == len(rows), f"{keys} are not unique in {query}"
    return found


def differences(expected: dict, actual: dict, columns: tuple[str, ...]) -> list[str]:
    """What differs between two {key: {column: value}}, in words; floats may differ in the last digits."""
    found = [f"missing {key}" for key in expected.keys() - actual.keys()]
    found += [f"too many {key}" for key in actual.keys() - expected.keys()]
    for key in expected.keys() & actual.keys():
        for column in columns:
            want, got = expected[key][column], actual[key][column]
            if not _equal(want, got):
                found.append(f"{key} {column}: JSON says {want!r}, view says {got!r}")
    return sorted(found)


def _equal(want: Any, got: Any) -> bool:
    if isinstance(want, float) and isinstance(got, float):
        return math.isclose(want, got, rel_tol=1e-9, abs_tol=1e-12)
    return want == got


def artifacts(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = {(key,): row for key, row in oracle.artifacts().items()}
    actual = rows_by(wh, "FROM v1.artifacts WHERE status NOT IN ('quarantined', 'unknown_kind')", ("artifact_id",))
    labels = ("project_name", "environment", "job_name")
    with_labels = {key: row for key, row in expected.items() if row["kind"] != "semantic_manifest"}
    without = {key: row for key, row in expected.items() if row["kind"] == "semantic_manifest"}
    return [
        *differences(
            with_labels,
            {k: actual[k] for k in with_labels if k in actual},
            ("kind", "schema_version", "invocation_id", "status", *labels),
        ),
        *differences(without, {k: row for k, row in actual.items() if k not in with_labels}, ("kind", "status")),
    ]


def invocations(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = oracle.invocations()
    actual = rows_by(wh, "FROM v1.invocations", ("invocation_id", "command"))
    return differences(expected, actual, tuple(next(iter(expected.values()))))


def status_classes(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = oracle.status_classes()
    actual: dict[tuple, Counter] = {}
    for row in wh.sql(
        "SELECT project_name, environment, unique_id, status_class, count(*) AS n FROM v1.node_executions GROUP BY ALL"
    ).fetchall():
        actual.setdefault(row[:3], Counter())[row[3]] = row[4]
    keys = expected.keys() | actual.keys()
    return [f"{key}: {expected.get(key)} {actual.get(key)}" for key in keys if expected.get(key) != actual.get(key)]


def execution_times(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = oracle.execution_times()
    actual = rows_by(wh, "FROM v1.node_execution_times", NODE)
    return differences(expected, actual, tuple(next(iter(expected.values()))))


def _counted(rates: dict) -> dict:
    """Without nodes that only commands which execute nothing, or abortions, have results of."""
    return {key: row for key, row in rates.items() if row["executed_count"] or row.get("skipped_count")}


def node_success_rates(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = _counted(oracle.node_success_rates())
    actual = _counted(rows_by(wh, "FROM v1.node_success_rates", NODE))
    return differences(expected, actual, tuple(next(iter(expected.values()))))


def test_failure_rates(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = {k: row for k, row in oracle.test_failure_rates().items() if row["executed_count"]}
    actual = {k: row for k, row in rows_by(wh, "FROM v1.test_failure_rates", NODE).items() if row["executed_count"]}
    return differences(expected, actual, tuple(next(iter(expected.values()))))


def run_success_rates(wh: Warehouse, oracle: Oracle) -> list[str]:
    keys = ("project_name", "environment", "job_name", "command", "run_date")
    expected = oracle.run_success_rates()
    return differences(expected, rows_by(wh, "FROM v1.run_success_rates", keys), tuple(next(iter(expected.values()))))


def edges(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = {(*group, *edge) for group, edges in oracle.edges().items() for edge in edges}
    query = "SELECT project_name, environment, parent_unique_id, child_unique_id FROM v1.node_edges"
    actual = wh.sql(query).fetchall()
    assert len(actual) == len(set(actual))
    return [f"missing {e}" for e in expected - set(actual)] + [f"too many {e}" for e in set(actual) - expected]


def ancestors(wh: Warehouse, oracle: Oracle) -> list[str]:
    expected = {
        (*group, *pair, distance) for group, pairs in oracle.ancestors().items() for pair, distance in pairs.items()
    }
    query = "SELECT project_name, environment, unique_id, ancestor_unique_id, distance FROM v1.node_ancestors"
    actual = wh.sql(query).fetchall()
    assert len(actual) == len(set(actual))
    return [f"missing {e}" for e in expected - set(actual)] + [f"too many {e}" for e in set(actual) - expected]


Compare = Callable[[Warehouse, Oracle], list[str]]

COMPARISONS: tuple[Compare, ...] = (
    artifacts,
    invocations,
    status_classes,
    execution_times,
    node_success_rates,
    test_failure_rates,
    run_success_rates,
    edges,
    ancestors,
)
