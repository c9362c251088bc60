"""What GraphQL says beyond dbt's API: earlier states, incidents, flaky tests, critical paths, column lineage."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.serve import RequestLimits
from artifact_warehouse.serve.graphql import answer
from artifact_warehouse.serve.snapshots import Follower, Snapshot

pytestmark = pytest.mark.slow

PROD = "environment = 'prod'"
PATIENT = RequestLimits(seconds=600)
MODEL = "model.harbor_cafe.fct_cafe_days"

STATE = """{ environments%s { id name projectId } jobs%s { id name environmentId lastRunId }
  environment%s { adapterType applied { latestGitSha resourceCounts
    models { edges { cursor node { uniqueId description meta tags config rawCode compiledCode relationName columnCount
        executionInfo { lastRunId lastRunStatus lastRunError lastRunGeneratedAt executionTime lastSuccessRunId }
        catalog { type rowCountStat columns { name type description } stats { id value } }
        tests { uniqueId lastKnownResult } parents { uniqueId } children { uniqueId } incidents { openedAt isOpen }
        columnLineage { fromUniqueId fromColumn toColumn kind } } } }
    sources { edges { node { uniqueId freshness { freshnessStatus maxLoadedAt snapshottedAt freshnessRunId } } } }
    tests { edges { node { uniqueId lastKnownResult executionInfo { lastRunFailures lastRunError } } } }
    incidents { uniqueId openedAt closedAt isOpen failureCount firstRunId lastRunId closingRunId }
    exposureTile(filter: {uniqueId: "exposure.harbor_cafe.harbour_dashboard"}) { quality healthIssues }
    lineage(filter: {}) { uniqueId ... on LineageNodeWithParents { parentIds } } }
    definition { metrics { edges { node { uniqueId formula typeParams } } } semanticModels { totalCount } } }
  job%s { runId models { uniqueId status executionTime dependsOn tests { uniqueId status } } criticalPath { step } }
}"""


def state(asked: Snapshot, moment: str | None) -> Any:
    """All that the document asks for, as it stood at a time or as it is."""
    when = f'asOf: "{moment}"' if moment else ""
    document = STATE % (
        *(2 * (f"({when})" if when else "",)),
        f'(id: "prod" {when})',
        f'(id: "nightly" {when})',
    )
    found = answer(asked, document, limits=PATIENT)
    assert "errors" not in found, found["errors"]
    return found["data"]


def written_at(file: Path) -> str:
    """The time of an artifact; a semantic manifest is as old as the manifest beside it."""
    named = file.with_name("manifest.json") if file.name == "semantic_manifest.json" else file
    return json.loads(named.read_text())["metadata"]["generated_at"]


@pytest.mark.parametrize(
    "moment",
    ["2026-11-05T12:00:00Z", *release_only("2026-11-02T23:00:00Z", "2026-11-06T04:00:00Z", "2026-11-08T02:05:00Z")],
)
def test_an_earlier_state_is_that_of_a_warehouse_that_knew_no_more(
    moment: str, snapshot: Snapshot, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    for file in SAMPLES.rglob("*.json"):
        if written_at(file) <= moment:
            copy = runs / file.relative_to(SAMPLES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    Warehouse(tmp_path / "wh.duckdb").load(runs, columns=True)
    follower = Follower(tmp_path / "wh.duckdb", 1 << 30, every=3600)
    try:
        with follower.snapshot() as then:
            expected = state(then, None)
    finally:
        follower.close()
    assert expected["environment"]["applied"]["models"]["edges"]
    assert state(snapshot, moment) == expected
    assert state(snapshot, None) != expected


def test_an_earlier_state_begins_before_all_and_ends_with_now(snapshot: Snapshot) -> None:
    assert state(snapshot, "2100-01-01") == state(snapshot, None)
    found = answer(snapshot, '{ environments(asOf: "2001-01-01") { id } jobs(asOf: "2001-01-01") { id } }')["data"]
    assert found == {"environments": [], "jobs": []}


def test_one_document_compares_two_times(ask) -> None:
    found = ask(
        """{ now: environment(id: "prod") { applied { lastUpdatedAt } }
             then: environment(id: "prod", asOf: "2026-11-05T12:00:00+00:00") { applied { lastUpdatedAt } } }"""
    )
    assert found["then"]["applied"]["lastUpdatedAt"] < "2026-11-05T12:00" < found["now"]["applied"]["lastUpdatedAt"]


@pytest.mark.parametrize("moment", ['"yesterday"', '""', "1", "true", '"2026-13-01"', '"9999-12-31T23:59:59-23:59"'])
def test_a_moment_that_is_none_is_told(snapshot: Snapshot, moment: str) -> None:
    found = answer(snapshot, f"{{ environments(asOf: {moment}) {{ id }} }}")
    assert "9999" in moment or "ISO 8601" in found["errors"][0]["message"]


def test_a_request_asks_about_few_times(snapshot: Snapshot) -> None:
    days = " ".join(f'd{day}: environments(asOf: "2026-11-0{day}") {{ id }}' for day in (3, 4, 5))
    found = answer(snapshot, f"{{ {days} }}")
    assert "2 times at most" in found["errors"][0]["message"]


def moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat(timespec='milliseconds')}Z"


def test_incidents_are_those_of_the_view(ask, v1) -> None:
    found = ask(
        """query($of: [String!]) { environment(id: "prod") { applied {
            incidents { uniqueId resourceType openedAt lastFailedAt closedAt isOpen recoveryTime failureCount
                missedRunCount isOpenedWithChange openingChangedFields isClosedWithChange closingChangedFields
                failingParentIds }
            open: incidents(filter: {isOpen: true}) { uniqueId }
            some: incidents(filter: {uniqueIds: $of}) { uniqueId } } } }""",
        of=["model.harbor_cafe.stg_ferry_arrivals"],
    )["environment"]["applied"]
    rows = v1(f"FROM v1.failure_incidents WHERE {PROD} ORDER BY opened_at DESC, unique_id")
    assert found["incidents"] == [
        {
            "uniqueId": row["unique_id"],
            "resourceType": row["resource_type"],
            "openedAt": moment(row["opened_at"]),
            "lastFailedAt": moment(row["last_failed_at"]),
            "closedAt": moment(row["closed_at"]),
            "isOpen": row["is_open"],
            "recoveryTime": row["recovery_seconds"],
            "failureCount": row["failure_count"],
            "missedRunCount": row["missed_run_count"],
            "isOpenedWithChange": row["is_opened_with_change"],
            "openingChangedFields": row["opening_changed_fields"],
            "isClosedWithChange": row["is_closed_with_change"],
            "closingChangedFields": row["closing_changed_fields"],
            "failingParentIds": row["failing_parent_unique_ids"],
        }
        for row in rows
    ]
    assert len(found["open"]) == sum(row["is_open"] for row in rows)
    assert {row["uniqueId"] for row in found["some"]} == {"model.harbor_cafe.stg_ferry_arrivals"}


def test_incidents_come_page_by_page(ask, v1) -> None:
    seen, after = [], None
    while True:
        page = ask(
            'query($after: String) { environment(id: "prod") { applied { incidents(first: 2, after: $after) '
            "{ uniqueId openedAt paginationCursor } } } }",
            after=after,
        )["environment"]["applied"]["incidents"]
        if not page:
            break
        seen += [row["uniqueId"] for row in page]
        after = page[-1]["paginationCursor"]
    rows = v1(f"FROM v1.failure_incidents WHERE {PROD} ORDER BY opened_at DESC, unique_id")
    assert seen == [row["unique_id"] for row in rows]


def test_flaky_tests_are_those_of_the_view(ask, v1) -> None:
    document = """{ environment(id: "%s") { applied { flakyTests { uniqueId name testedNodeUniqueId flipCount flipRate
        executedCount failureCount lastFlipAt } tests { edges { node { uniqueId flakiness { flipCount } } } } } } }"""
    for environment in ("prod", "dev"):
        found = ask(document % environment)["environment"]["applied"]
        rows = v1("FROM v1.flaky_tests WHERE environment = ? ORDER BY flip_count DESC, unique_id", environment)
        assert [(one["uniqueId"], one["flipCount"], one["flipRate"]) for one in found["flakyTests"]] == [
            (row["unique_id"], row["flip_count"], row["flip_rate"]) for row in rows
        ]
        flips = {row["unique_id"]: row["flip_count"] for row in rows}
        for edge in found["tests"]["edges"]:
            test = edge["node"]
            assert (test["flakiness"] and test["flakiness"]["flipCount"]) == flips.get(test["uniqueId"])


def test_the_critical_path_of_a_run_is_that_of_its_invocations(ask, v1) -> None:
    found = ask(
        """{ job(id: "nightly") { runId criticalPath { invocationId path step uniqueId executionTime startedAfter
            completedAfter queuedTime slackTime dragTime } observed: criticalPath(path: observed) { step } } }"""
    )["job"]
    [run] = v1(
        f"SELECT invocation_ids FROM v1.logical_runs WHERE {PROD} AND job_name = 'nightly' "
        "ORDER BY generated_at DESC LIMIT 1"
    )
    columns = ("execution", "started_after", "completed_after", "queued", "slack", "drag")
    rows = v1(
        "FROM v1.critical_paths WHERE list_contains(?, invocation_id) ORDER BY invocation_id, path, step",
        run["invocation_ids"],
    )
    assert [tuple(step.values()) for step in found["criticalPath"]] == [
        (
            row["invocation_id"],
            row["path"],
            row["step"],
            row["unique_id"],
            *(row[f"{column}_seconds"] for column in columns),
        )
        for row in rows
    ]
    assert len(found["observed"]) == sum(row["path"] == "observed" for row in rows) > 0


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_lineage_of_a_column_reaches_what_the_macro_reaches(ask, v1, direction: str) -> None:
    node, column = (MODEL, "revenue_eur") if direction == "up" else ("source.harbor_cafe.pos.orders", "order_id")
    document = """query($node: String!, $column: String!, $direction: ColumnDirection!, $depth: Int) {
        environment(id: "prod") { applied { columnLineage(uniqueId: $node, column: $column, direction: $direction,
            depth: $depth) { fromUniqueId fromColumn toUniqueId toColumn kind confidence method distance } } } }"""
    sent = {"node": node, "column": column.upper(), "direction": direction}
    found = ask(document, **sent)["environment"]["applied"]["columnLineage"]
    edges = {
        (row["from_unique_id"], row["from_column"], row["to_unique_id"], row["to_column"]): row["kind"]
        for row in v1(f"FROM v1.column_edges WHERE {PROD}")
    }
    for edge in found:
        assert edges[edge["fromUniqueId"], edge["fromColumn"], edge["toUniqueId"], edge["toColumn"]] == edge["kind"]
    far = ("fromUniqueId", "fromColumn") if direction == "up" else ("toUniqueId", "toColumn")
    macro = "column_ancestors_of" if direction == "up" else "column_descendants_of"
    reached = {
        (row["unique_id"], row["column_name"].lower()): row["distance"]
        for row in v1(f"FROM v1.{macro}(?, ?) WHERE {PROD}", node, column)
    }
    nearest: dict[tuple[str, str], int] = {}
    for edge in found:
        key = (edge[far[0]], edge[far[1]].lower())
        nearest[key] = min(edge["distance"], nearest.get(key, edge["distance"]))
    assert nearest == reached
    assert reached
    near = ask(document, **sent, depth=1)["environment"]["applied"]["columnLineage"]
    assert near == [edge for edge in found if edge["distance"] == 1]


def test_the_columns_of_each_model_come_from_the_edges_of_the_view(ask, v1) -> None:
    found = ask(
        """{ environment(id: "prod") { applied { models { edges { node { uniqueId columnLineage { fromUniqueId
            fromColumn toColumn kind } } } } } } }"""
    )["environment"]["applied"]["models"]["edges"]
    answered = {
        (one["fromUniqueId"], one["fromColumn"], edge["node"]["uniqueId"], one["toColumn"], one["kind"])
        for edge in found
        for one in edge["node"]["columnLineage"]
    }
    rows = v1(f"FROM v1.column_edges WHERE {PROD} AND to_unique_id LIKE 'model.%'")
    names = ("from_unique_id", "from_column", "to_unique_id", "to_column", "kind")
    assert answered == {tuple(row[name] for name in names) for row in rows}
