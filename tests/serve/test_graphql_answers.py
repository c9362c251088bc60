"""What GraphQL answers, leaf by leaf, is what the views say; the views are asked past the resolvers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

PROD = "environment = 'prod'"
NO_NODES = ("operation.", "analysis.", "function.")
"""What dbt's API has no type for."""

MODEL = "model.harbor_cafe.fct_cafe_days"


def moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat(timespec='milliseconds')}Z"


def nodes_of(connection: dict[str, Any]) -> dict[str, Any]:
    return {edge["node"]["uniqueId"]: edge["node"] for edge in connection["edges"]}


def test_every_model_says_what_its_view_says(ask, numbers, v1) -> None:
    found = ask(
        """query($id: BigInt!) { environment(id: $id) { adapterType dbtProjectName applied { models { totalCount
            edges { node { uniqueId name description alias database schema packageName filePath fqn
            tags meta group access version
            latestVersion contractEnforced materializedType language rawCode compiledCode config relationName
            columnCount
            resourceType environmentId projectId accountId
            executionInfo { lastRunStatus lastRunError lastRunGeneratedAt executionTime executeCompletedAt }
            catalog { type owner comment rowCountStat bytesStat
                columns { name index type description comment tags meta } }
            tests { uniqueId columnName lastKnownResult }
            parents { uniqueId } children { uniqueId }
        } } } } } }""",
        id=numbers.prod,
    )["environment"]
    models = {row["unique_id"]: row for row in v1(f"FROM v1.models WHERE {PROD} AND is_enabled")}
    assert found["adapterType"] == "duckdb"
    assert found["dbtProjectName"] == "harbor_cafe"
    assert found["applied"]["models"]["totalCount"] == len(models)
    edges = v1(f"FROM v1.node_edges WHERE {PROD}")
    tests = v1(f"FROM v1.tests WHERE {PROD} AND is_enabled")
    columns = v1(f"FROM v1.columns WHERE {PROD} ORDER BY column_index")
    answered = nodes_of(found["applied"]["models"])
    assert answered.keys() == models.keys()
    for unique_id, row in models.items():
        node = answered[unique_id]
        same = ("name", "alias", "language", "version", "fqn", "access")
        assert {key: node[key] for key in same} == {key: row[key] for key in same}
        assert (node["description"], node["tags"]) == (row["description"] or "", row["tags"] or [])
        for field, column in {
            "database": "database_name",
            "schema": "schema_name",
            "packageName": "package_name",
            "filePath": "original_file_path",
            "group": "group_name",
            "latestVersion": "latest_version",
            "contractEnforced": "is_contract_enforced",
            "materializedType": "materialized",
            "rawCode": "raw_code",
            "compiledCode": "compiled_code",
            "relationName": "relation_name",
            "columnCount": "column_count",
            "resourceType": "resource_type",
        }.items():
            assert node[field] == row[column], field
        assert (node["meta"], node["config"]) == (json.loads(row["meta"] or "{}"), json.loads(row["config"]))
        assert (node["environmentId"], node["accountId"]) == (numbers.prod, 0)
        run = node["executionInfo"]
        words = {"success": "success", "warn": "success", "error": "error", None: None}
        assert run["lastRunStatus"] in (words[row["last_status"]], "skipped")
        assert run["lastRunError"] == row["last_error"]
        assert run["executionTime"] == row["last_execution_seconds"]
        assert run["lastRunGeneratedAt"] == moment(row["last_run_generated_at"])
        if node["catalog"] is None:
            assert row["catalog_type"] is None
        else:
            catalog = node["catalog"]
            assert [catalog[key] for key in ("type", "owner", "comment", "rowCountStat", "bytesStat")] == [
                row[key] for key in ("catalog_type", "catalog_owner", "catalog_comment", "row_count", "size_bytes")
            ]
            assert catalog["columns"] == [
                {
                    "name": column["column_name"],
                    "index": column["column_index"],
                    "type": column["data_type"],
                    "description": column["description"] or "",
                    "comment": column["comment"],
                    "tags": column["tags"] or [],
                    "meta": json.loads(column["meta"] or "{}"),
                }
                for column in columns
                if column["unique_id"] == unique_id
            ]
        mine = [test for test in tests if test["tested_unique_id"] == unique_id]
        assert {test["uniqueId"]: (test["columnName"], test["lastKnownResult"]) for test in node["tests"]} == {
            test["unique_id"]: (test["column_name"], test["last_status"]) for test in mine
        }
        assert {parent["uniqueId"] for parent in node["parents"]} == {
            edge["parent_unique_id"] for edge in edges if edge["child_unique_id"] == unique_id
        }
        assert {child["uniqueId"] for child in node["children"]} == {
            edge["child_unique_id"]
            for edge in edges
            if edge["parent_unique_id"] == unique_id
            and not edge["child_unique_id"].startswith(("operation.", "analysis."))
        }


def test_the_last_run_of_a_node_is_a_run_of_the_list(ask, numbers, v1) -> None:
    found = ask(
        "query($id: BigInt!) { environment(id: $id) { applied { models { edges { node { uniqueId executionInfo "
        "{ lastRunId lastJobDefinitionId } } } } } } jobs { id name environmentId } }",
        id=numbers.prod,
    )
    names = {job["id"]: job["name"] for job in found["jobs"]}
    last = {
        row["unique_id"]: row["job_name"]
        for row in v1(
            f"SELECT nodes.unique_id, runs.job_name FROM v1.models AS nodes INNER JOIN v1.invocations AS runs "
            f"ON runs.invocation_id = nodes.last_invocation_id AND runs.command = nodes.last_command WHERE nodes.{PROD}"
        )
    }
    for unique_id, node in nodes_of(found["environment"]["applied"]["models"]).items():
        assert names.get(node["executionInfo"]["lastJobDefinitionId"]) == last.get(unique_id)


def test_a_job_answers_about_its_own_last_run(ask, numbers, v1) -> None:
    """The last execution of a model in the environment may be another job's."""
    found = ask(
        "query($id: BigInt!) { job(id: $id) { runId models { uniqueId status executionTime runGeneratedAt skip error } "
        "tests { uniqueId status state fail warn skip } } }",
        id=numbers.nightly,
    )["job"]
    [run] = v1(
        f"SELECT invocation_ids, generated_at FROM v1.logical_runs WHERE {PROD} AND job_name = 'nightly' "
        "ORDER BY generated_at DESC LIMIT 1"
    )
    results = {
        row["unique_id"]: row
        for row in v1("FROM v1.node_executions WHERE list_contains(?, invocation_id)", run["invocation_ids"])
    }
    assert {"model.harbor_cafe.fct_cafe_days", MODEL} <= {model["uniqueId"] for model in found["models"]}
    for model in found["models"]:
        row = results.get(model["uniqueId"])
        assert model["status"] == (row["status"] if row else None)
        assert model["executionTime"] == (row["execution_seconds"] if row else None)
        assert model["skip"] == (row["status"] == "skipped" if row else None)
        assert model["runGeneratedAt"] == moment(row["run_generated_at"] if row else run["generated_at"])
    for test in found["tests"]:
        row = results.get(test["uniqueId"])
        expected = row and (row["status"], row["status_class"] == "failure", row["status_class"] == "warn")
        assert (test["status"] and (test["status"], test["fail"], test["warn"])) == expected


def test_compile_only_results_are_no_runs(ask, numbers, v1) -> None:
    runs = ask(
        "query($id: Int!, $model: String!) { modelByEnvironment(environmentId: $id, uniqueId: $model) "
        "{ runId runGeneratedAt status runResults { status invocationId executionTime } } }",
        id=numbers.prod,
        model=MODEL,
    )["modelByEnvironment"]
    executed = v1(
        "SELECT invocation_id, status, execution_seconds FROM v1.node_executions "
        f"WHERE {PROD} AND unique_id = ? AND (is_executed OR status_class = 'skipped') ORDER BY run_generated_at DESC",
        MODEL,
    )
    last = []  # of each run the last result: a run and its retry are one run
    for row in v1(f"SELECT invocation_ids FROM v1.logical_runs WHERE {PROD} ORDER BY generated_at DESC"):
        last += [one for one in executed if one["invocation_id"] in row["invocation_ids"]][:1]
    assert all(len(run["runResults"]) == 1 for run in runs)
    results = [run["runResults"][0] for run in runs]
    assert [(one["invocationId"], one["status"], one["executionTime"]) for one in results] == [
        (row["invocation_id"], row["status"], row["execution_seconds"]) for row in last
    ]
    assert 1 < len(runs) <= 20


def test_ancestors_are_those_of_the_view(ask, numbers, v1) -> None:
    found = ask(
        "query($id: BigInt!) { environment(id: $id) { applied { models { edges { node { uniqueId "
        "ancestors(types: [Model, Source]) { uniqueId } } } } } } }",
        id=numbers.prod,
    )
    above: dict[str, set[str]] = {}
    for row in v1(f"FROM v1.node_ancestors WHERE {PROD} AND ancestor_resource_type IN ('model', 'source')"):
        above.setdefault(row["unique_id"], set()).add(row["ancestor_unique_id"])
    for unique_id, node in nodes_of(found["environment"]["applied"]["models"]).items():
        assert {one["uniqueId"] for one in node["ancestors"]} == above.get(unique_id, set())


def test_the_lineage_of_a_run_is_that_of_the_guide(ask, numbers, v1) -> None:
    found = ask(
        "query($job: Int!) { models(jobId: $job) { uniqueId dependsOn childrenL1 parentsModels { uniqueId } "
        "parentsSources { uniqueId } } }",
        job=numbers.nightly,
    )["models"]
    nodes = {row["unique_id"]: row for row in v1(f"FROM v1.models WHERE {PROD}")}
    above = v1(f"FROM v1.node_ancestors WHERE {PROD}")
    edges = v1(f"FROM v1.node_edges WHERE {PROD}")
    for model in found:
        row = nodes[model["uniqueId"]]
        assert {*model["dependsOn"]} == {*(row["depends_on_nodes"] or ()), *(row["depends_on_macros"] or ())}
        for field, type_ in (("parentsModels", "model"), ("parentsSources", "source")):
            assert {parent["uniqueId"] for parent in model[field]} == {
                one["ancestor_unique_id"]
                for one in above
                if one["unique_id"] == model["uniqueId"] and one["ancestor_resource_type"] == type_
            }
        assert {*model["childrenL1"]} == {
            edge["child_unique_id"] for edge in edges if edge["parent_unique_id"] == model["uniqueId"]
        }


def test_sources_and_their_freshness(ask, numbers, v1) -> None:
    found = ask(
        "query($id: BigInt!) { environment(id: $id) { applied { sources { edges { node { uniqueId sourceName "
        "identifier loader sourceDescription freshness { freshnessChecked freshnessStatus maxLoadedAt "
        "maxLoadedAtTimeAgoInS "
        "snapshottedAt criteria { warnAfter { count period } errorAfter { count period } } } } } } } } }",
        id=numbers.prod,
    )
    seconds = {"minute": 60, "hour": 3600, "day": 86400, None: 0}
    rows = {row["unique_id"]: row for row in v1(f"FROM v1.sources WHERE {PROD}")}
    answered = nodes_of(found["environment"]["applied"]["sources"])
    assert answered.keys() == rows.keys()
    for unique_id, row in rows.items():
        node, check = answered[unique_id], answered[unique_id]["freshness"]
        assert [node[key] for key in ("sourceName", "identifier", "loader", "sourceDescription")] == [
            row[key] for key in ("source_name", "identifier", "loader", "source_description")
        ]
        assert check["freshnessChecked"] == row["is_freshness_checked"]
        assert (check["freshnessStatus"] or "").lower() == (row["freshness_status"] or "")
        assert check["maxLoadedAt"] == moment(row["max_loaded_at"])
        assert check["maxLoadedAtTimeAgoInS"] == row["max_loaded_at_age_seconds"]
        for field, column in (("warnAfter", "warn_after_seconds"), ("errorAfter", "error_after_seconds")):
            criterion = check["criteria"][field] or {"count": None, "period": None}
            assert (criterion["count"] or 0) * seconds[criterion["period"]] == (row[column] or 0)


@pytest.mark.parametrize(
    ("filter_", "condition"),
    [
        ("access: public", "access = 'public'"),
        ('database: "HARBOR_CAFE", schema: "harbor_marts"', "schema_name = 'harbor_marts'"),
        ('tags: ["nightly", "finance"]', "list_has_any(tags, ['nightly', 'finance'])"),
        ('identifier: "fct_cafe_days"', "alias = 'fct_cafe_days'"),
        ('modelingLayer: "marts"', "original_file_path LIKE '%/marts/%'"),
        ('uniqueIds: ["model.harbor_cafe.fct_cafe_days", "model.none.none"]', f"unique_id = '{MODEL}'"),
        ("lastRunStatus: error", "is_failing"),
    ],
)
def test_a_filter_lets_those_pass_that_the_view_names(ask, numbers, v1, filter_: str, condition: str) -> None:
    found = ask(
        "query($id: BigInt!) { environment(id: $id) { applied { models(filter: {FILTER}) { totalCount edges { node "
        "{ uniqueId } } } } } }".replace("FILTER", filter_),
        id=numbers.prod,
    )["environment"]["applied"]["models"]
    rows = v1(f"SELECT unique_id FROM v1.models WHERE {PROD} AND is_enabled AND {condition}")
    assert nodes_of(found).keys() == {row["unique_id"] for row in rows}


def test_pages_are_the_whole_list_cut_in_pieces(ask, numbers) -> None:
    page = (
        "query($id: BigInt!, $after: String) { environment(id: $id) { applied { models(first: 7, after: $after) "
        "{ totalCount pageInfo { startCursor endCursor hasNextPage } edges { cursor node { uniqueId } } } } } }"
    )
    whole = ask(page.replace("first: 7, ", ""), id=numbers.prod)["environment"]["applied"]["models"]
    seen, after, more = [], None, True
    while more:
        found = ask(page, id=numbers.prod, after=after)["environment"]["applied"]["models"]
        assert len(found["edges"]) <= 7
        seen += found["edges"]
        assert after != found["pageInfo"]["endCursor"]
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
    assert seen == whole["edges"]
    again = ask(page, id=numbers.prod, after=after)["environment"]["applied"]["models"]
    assert (again["edges"], again["pageInfo"]["hasNextPage"]) == ([], False)


def test_lists_of_a_run_have_cursors_in_their_items(ask, numbers) -> None:
    page = (
        "query($job: BigInt!, $after: String) { job(id: $job) { models(first: 8, after: $after) "
        "{ uniqueId paginationCursor } } }"
    )
    whole = ask("query($job: BigInt!) { job(id: $job) { models { uniqueId paginationCursor } } }", job=numbers.nightly)
    seen, after = [], None
    while found := ask(page, job=numbers.nightly, after=after)["job"]["models"]:
        seen += found
        after = found[-1]["paginationCursor"]
    assert seen == whole["job"]["models"]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_models_are_sorted_by_the_end_of_their_execution(ask, numbers, direction: str) -> None:
    found = ask(
        "query($id: BigInt!, $sort: AppliedModelSort) { environment(id: $id) { applied { models(sort: $sort) { edges "
        "{ node { uniqueId executionInfo { executeCompletedAt } } } } } } }",
        id=numbers.prod,
        sort={"field": "executeCompletedAt", "direction": direction},
    )
    times = [
        e["node"]["executionInfo"]["executeCompletedAt"] for e in found["environment"]["applied"]["models"]["edges"]
    ]
    known = [time for time in times if time]
    assert known == sorted(known, reverse=direction == "desc")
    assert times == known + [None] * (len(times) - len(known))


def test_tiles_and_health_are_those_of_the_views(ask, numbers, v1) -> None:
    for row in v1(f"FROM v1.exposure_tiles WHERE {PROD}"):
        tile = ask(
            "query($id: BigInt!, $exposure: String!) { environment(id: $id) { applied { exposureTile(filter: "
            "{uniqueId: $exposure}) { uniqueId name quality freshnessStatus healthIssues maxSnapshottedAt } } } }",
            id=numbers.prod,
            exposure=row["unique_id"],
        )["environment"]["applied"]["exposureTile"]
        words = {
            "passed": ("Pass", "Warn"),
            "degraded": ("Error",),
            "stale": ("Error", "Warn"),
            None: ("Unknown", "Warn"),
        }
        assert tile["quality"] in words[row["quality"]]
        assert tile["freshnessStatus"] in words[row["freshness"]]
        assert tile["maxSnapshottedAt"] == moment(row["last_checked_at"])


def test_definitions_are_those_of_their_views(ask, numbers, v1) -> None:
    found = ask(
        """query($id: BigInt!) { environment(id: $id) { definition {
            macros { totalCount } groups { edges { node { uniqueId ownerName ownerEmail modelCount models { name } } } }
            metrics { edges { node { uniqueId type formula typeParams parents { uniqueId } } } }
            semanticModels { edges { node { uniqueId entities { name type } dimensions { name type typeParams }
                measures { name agg expr createMetric } } } }
            savedQueries { edges { node { uniqueId queryParams { metrics groupBy } exports { name } } } }
            exposures { edges { node { uniqueId url ownerName ownerEmail exposureType maturity } } }
        } } }""",
        id=numbers.prod,
    )["environment"]["definition"]
    [macros] = v1(f"SELECT count(*) AS n FROM v1.macros WHERE {PROD} AND is_enabled")
    assert found["macros"]["totalCount"] == macros["n"]
    for row in v1(f"FROM v1.groups WHERE {PROD}"):
        group = nodes_of(found["groups"])[row["unique_id"]]
        models = v1(f"SELECT name FROM v1.models WHERE {PROD} AND group_name = ?", row["name"])
        assert (group["ownerName"], group["ownerEmail"]) == (row["owner_name"], row["owner_email"])
        assert sorted(m["name"] for m in group["models"]) == sorted(m["name"] for m in models)
        assert group["modelCount"] == len(models)
    for row in v1(f"FROM v1.metrics WHERE {PROD}"):
        metric = nodes_of(found["metrics"])[row["unique_id"]]
        assert (metric["type"], metric["formula"]) == (row["metric_type"], row["expression"])
        assert metric["typeParams"] == json.loads(row["type_params"])
    for row in v1(f"FROM v1.semantic_models WHERE {PROD}"):
        model = nodes_of(found["semanticModels"])[row["unique_id"]]
        assert [one["name"] for one in model["measures"]] == [one["name"] for one in json.loads(row["measures"])]
        assert [one["typeParams"] for one in model["dimensions"]] == [
            one.get("type_params") for one in json.loads(row["dimensions"])
        ]
    for row in v1(f"FROM v1.saved_queries WHERE {PROD}"):
        saved = nodes_of(found["savedQueries"])[row["unique_id"]]
        assert saved["queryParams"]["groupBy"] == json.loads(row["query_params"])["group_by"]
    for row in v1(f"FROM v1.exposures WHERE {PROD}"):
        exposure = nodes_of(found["exposures"])[row["unique_id"]]
        assert [exposure[k] for k in ("url", "ownerName", "ownerEmail", "exposureType", "maturity")] == [
            row[k] for k in ("url", "owner_name", "owner_email", "exposure_type", "maturity")
        ]


def test_a_lineage_is_selected_as_dbt_selects(ask, numbers, v1) -> None:
    document = """query($id: BigInt!, $filter: LineageFilter!) { environment(id: $id) { applied {
        lineage(filter: $filter)
        { uniqueId matchesMethod } } } }"""
    wanted = {"select": "+fct_cafe_days", "exclude": "resource_type:seed", "types": ["Model", "Source", "Seed"]}
    found = ask(document, id=numbers.prod, filter=wanted)["environment"]["applied"]["lineage"]
    above = v1(f"SELECT ancestor_unique_id AS id FROM v1.node_ancestors WHERE {PROD} AND unique_id = ?", MODEL)
    expected = {row["id"] for row in above if row["id"].split(".")[0] in ("model", "source")}
    assert {row["uniqueId"] for row in found} == expected | {MODEL}
    assert [row["uniqueId"] for row in found if row["matchesMethod"]] == [MODEL]
