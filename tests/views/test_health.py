"""Health signals and status tiles: judged again in plain Python, from what other views say of each node.

The rules are dbt's: https://docs.getdbt.com/docs/explore/data-health-signals and
https://docs.getdbt.com/docs/explore/data-tile. What the other views say is held against the JSON elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pytest
from comparison import NODE, rows_by
from testdata import Loaded

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

MONTH = timedelta(days=30)
Key = tuple[Any, ...]
Row = dict[str, Any]


class Project:
    """All that the judgement of one warehouse needs, by node."""

    def __init__(self, wh: Warehouse) -> None:
        self.nodes = rows_by(wh, "FROM v1.nodes WHERE is_enabled", NODE)
        self.sources = rows_by(wh, "FROM v1.sources", NODE)
        last_results = """
            SELECT project_name, environment, unique_id, lower(last_status) AS status, last_executed_at
            FROM v1.node_success_rates
        """
        self.last = rows_by(wh, last_results, NODE)
        self.skipped = self._skipped(wh)
        self.parents: dict[Key, set[Key]] = defaultdict(set)
        for project, environment, parent, child in wh.sql(
            "SELECT project_name, environment, parent_unique_id, child_unique_id FROM v1.node_edges"
        ).fetchall():
            self.parents[project, environment, child].add((project, environment, parent))
        self.tests: dict[Key, set[Key]] = defaultdict(set)
        for key, test in rows_by(wh, "FROM v1.tests WHERE is_enabled", NODE).items():
            tested = test["depends_on_nodes"] or [] if test["test_type"] == "singular" else [test["tested_unique_id"]]
            for unique_id in tested:
                self.tests[(*key[:2], unique_id)].add(key)
        newest = """
            SELECT project_name, environment, max(generated_at) AS as_of
            FROM v1.artifacts
            WHERE status = 'loaded'
            GROUP BY project_name, environment
        """
        self.as_of = {key: row["as_of"] for key, row in rows_by(wh, newest, NODE[:2]).items()}

    @staticmethod
    def _skipped(wh: Warehouse) -> set[Key]:
        """The nodes whose newest result of an executing command is a skip."""
        newest: dict[Key, tuple[datetime, str]] = {}
        for *key, at, status_class in wh.sql(
            """
            SELECT project_name, environment, unique_id,
                coalesce(execute_completed_at, compile_completed_at, run_generated_at) AS at, status_class
            FROM v1.node_executions
            WHERE status_class IN ('success', 'warn', 'failure', 'skipped')
            """
        ).fetchall():
            newest[tuple(key)] = max(newest.get(tuple(key), (datetime.min, "")), (at, status_class))
        return {key for key, (_, status_class) in newest.items() if status_class == "skipped"}

    def above(self, key: Key) -> set[Key]:
        found: set[Key] = set()
        waiting = [key]
        while waiting:
            for parent in self.parents[waiting.pop()]:
                if parent not in found and parent != key:
                    found.add(parent)
                    waiting.append(parent)
        return {node for node in found if node in self.nodes}

    def status(self, key: Key) -> str | None:
        return self.last.get(key, {}).get("status")

    def has_failed(self, key: Key) -> bool:
        return self.status(key) in ("error", "fail", "runtime error", "partial success")

    def is_described(self, key: Key) -> bool:
        return bool((self.nodes[key]["description"] or "").strip())

    def freshness(self, key: Key) -> str | None:
        status = self.sources.get(key, {}).get("freshness_status")
        return status and status.lower()

    def old(self, key: Key, moment: datetime | None) -> bool:
        return moment is not None and moment < self.as_of[key[:2]] - MONTH


def named(found: dict[str, bool | None]) -> set[str]:
    return {issue for issue, is_there in found.items() if is_there}


def freshness_above(project: Project, key: Key) -> set[str | None]:
    return {project.freshness(other) for other in project.above(key)}


def model_issues(project: Project, key: Key) -> set[str]:
    tests, sources = project.tests[key], freshness_above(project, key)
    checked = [project.sources.get(other, {}).get("snapshotted_at") for other in project.above(key)]
    return named(
        {
            "last_run_failed": project.has_failed(key),
            "tests_failed": any(map(project.has_failed, tests)),
            "upstream_sources_failed": bool(sources & {"error", "runtime error"}),
            "upstream_sources_unchecked_for_30_days": any(project.old(key, moment) for moment in checked),
            "not_built_for_30_days": project.old(key, project.last.get(key, {}).get("last_executed_at")),
            "tests_warned": any(project.status(test) == "warn" for test in tests),
            "upstream_sources_warned": "warn" in sources,
            "no_tests": not tests,
            "no_description": not project.is_described(key),
        }
    )


def source_issues(project: Project, key: Key) -> set[str]:
    source = project.sources[key]
    checked_at = source["snapshotted_at"]
    limits = (source["is_freshness_checked"], source["warn_after_seconds"], source["error_after_seconds"])
    return named(
        {
            "freshness_failed": project.freshness(key) in ("error", "runtime error"),
            "freshness_warned": project.freshness(key) == "warn",
            "freshness_not_configured": not any(limits),
            "freshness_unchecked_for_30_days": any(limits) and (checked_at is None or project.old(key, checked_at)),
            "no_description": not project.is_described(key),
        }
    )


def exposure_issues(project: Project, key: Key) -> set[str]:
    above, sources = project.above(key), freshness_above(project, key)
    tests = {test for other in above for test in project.tests[other]}
    builds = [other for other in above if project.nodes[other]["resource_type"] in ("model", "seed", "snapshot")]
    return named(
        {
            "upstream_sources_failed": bool(sources & {"error", "runtime error"}),
            "upstream_models_failed": any(map(project.has_failed, builds)),
            "upstream_tests_failed": any(map(project.has_failed, tests)),
            "upstream_sources_warned": "warn" in sources,
            "upstream_models_skipped": any(other in project.skipped for other in builds),
            "upstream_tests_warned": any(project.status(test) == "warn" for test in tests),
        }
    )


ISSUES = {"model": model_issues, "source": source_issues, "exposure": exposure_issues}
DEGRADED = {
    *("last_run_failed", "tests_failed", "upstream_sources_failed", "upstream_sources_unchecked_for_30_days"),
    *("freshness_failed", "upstream_models_failed", "upstream_tests_failed"),
}


def is_known(project: Project, key: Key) -> bool:
    node = project.nodes[key]
    if node["resource_type"] == "model":
        return project.status(key) is not None or node["materialized"] == "ephemeral"
    if node["resource_type"] == "exposure":
        above = project.above(key)
        tests = {test for other in above for test in project.tests[other]}
        return any(project.status(other) or project.freshness(other) for other in above | tests)
    return True


def test_every_node_has_the_health_that_its_signals_say(loaded: Loaded) -> None:
    project = Project(loaded.warehouse)
    judged = {key for key, node in project.nodes.items() if node["resource_type"] in ("model", "source", "exposure")}
    found = rows_by(loaded.warehouse, "FROM v1.health", NODE)
    assert found.keys() == judged
    for key, row in found.items():
        expected = ISSUES[row["resource_type"]](project, key)
        health = "degraded" if expected & DEGRADED else "caution" if expected else "healthy"
        if not is_known(project, key):
            health, expected = "unknown", {*expected, "never_run"}
        assert (row["health"], set(row["issues"])) == (health, expected), key
        assert len(row["issues"]) == len(expected)


def test_every_tile_says_what_is_stale_and_what_fails(loaded: Loaded) -> None:
    project = Project(loaded.warehouse)
    tiles = rows_by(loaded.warehouse, "FROM v1.exposure_tiles", NODE)
    assert tiles.keys() == {key for key, node in project.nodes.items() if node["resource_type"] == "exposure"}
    for key, tile in tiles.items():
        above = project.above(key)
        checks = {other: status for other in above if (status := project.freshness(other))}
        tests = {test for other in above for test in project.tests[other] if project.status(test)}
        stale = {f"{other[2]}: {status}" for other, status in checks.items() if status != "pass"}
        failing = {f"{test[2]}: {project.status(test)}" for test in tests if project.has_failed(test)}
        assert tile["freshness"] == ("stale" if stale else "passed" if checks else None), key
        assert tile["quality"] == ("degraded" if failing else "passed" if tests else None), key
        assert sorted(tile["reasons"]) == sorted(stale | failing)
        assert (tile["since"] is None) == (not tile["reasons"])


def sources_json(day: int, status: str) -> dict:
    moment = f"2026-11-{day:02d}T06:00:00Z"
    check = {"unique_id": "source.shop.raw.orders", "status": status, "snapshotted_at": moment, "max_loaded_at": moment}
    return builders.artifact("sources", {"generated_at": moment, "invocation_id": f"check {day}"}, results=[check])


def test_a_tile_is_stale_since_the_first_check_that_did_not_pass(tmp_path: Path) -> None:
    manifest = builders.manifest(
        {"model.shop.orders": {"depends_on": {"nodes": ["source.shop.raw.orders"]}}},
        {"invocation_id": "parse", "generated_at": "2026-11-01T00:00:00Z"},
        sources={"source.shop.raw.orders": {"resource_type": "source", "name": "orders"}},
        exposures={
            "exposure.shop.page": {
                "resource_type": "exposure",
                "name": "page",
                "depends_on": {"nodes": ["model.shop.orders"]},
            }
        },
    )
    statuses = {1: "error", 2: "pass", 3: "warn", 4: "error"}
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(builders.write(tmp_path / "manifest", "manifest", manifest), environment="prod", project="shop")
        for day in (3, 1, 4, 2):
            wh.load(
                builders.write(tmp_path / str(day), "sources", sources_json(day, statuses[day])),
                environment="prod",
                project="shop",
            )
        tile = wh.sql("SELECT freshness, quality, since, reasons, last_checked_at FROM v1.exposure_tiles").fetchall()
        assert tile == [
            ("stale", None, datetime(2026, 11, 3, 6), ["source.shop.raw.orders: error"], datetime(2026, 11, 4, 6))
        ]
