"""The tools of the Model Context Protocol: an SDK's client calls them, and their answers are those of the views."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from serving import ESCAPES, MORE_ESCAPES
from starlette.testclient import TestClient
from testdata import release_only

from artifact_warehouse.serve import RequestLimits
from artifact_warehouse.serve.mcp import Tools, server
from artifact_warehouse.serve.mcp.server import TOOLS
from artifact_warehouse.serve.snapshots import Follower

pytestmark = pytest.mark.slow

PROD = "environment = 'prod'"
MODEL = "model.harbor_cafe.fct_cafe_days"


def _result(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine. A browser of another test may have a running loop in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def tools(served_file: Path) -> Iterator[Tools]:
    follower = Follower(served_file, 1 << 30, every=3600)
    yield Tools(follower, None, RequestLimits())
    follower.close()


@pytest.fixture(scope="module")
def call(tools: Tools) -> Callable[..., Any]:
    """Calls a tool through a client, and gives its answer, or the text of its failure."""
    made = server(tools)

    async def asked(name: str, arguments: dict[str, Any]) -> Any:
        async with Client(made) as client:
            found = await client.call_tool(name, arguments)
            text = found.content[0].text
            return text if found.is_error else json.loads(text)

    def called(tool: str, /, **arguments: Any) -> Any:
        return _result(asked(tool, arguments))

    return called


def test_a_client_sees_every_tool_as_one_that_only_reads(tools: Tools) -> None:
    async def listed() -> Any:
        async with Client(server(tools)) as client:
            found = (await client.list_tools()).tools
            resources = (await client.list_resources()).resources
            prompts = (await client.list_prompts()).prompts
            return found, [str(one.uri) for one in resources], [one.name for one in prompts]

    found, resources, prompts = _result(listed())
    assert [tool.name for tool in found] == [*TOOLS]
    assert all(tool.annotations.read_only_hint and not tool.annotations.destructive_hint for tool in found)
    assert all(tool.description and tool.description.endswith(".") for tool in found)
    assert (resources, prompts) == (["warehouse://views"], ["why_did_the_last_run_fail"])


def test_all_models_come_page_by_page(call, v1) -> None:
    seen, cursor, more = [], None, True
    while more:
        found = call("get_all_models", limit=7, cursor=cursor)
        assert len(found["result"]) <= 7
        seen += [row["uniqueId"] for row in found["result"]]
        cursor, more = found["pagination"]["next_cursor"], found["pagination"]["has_more"]
    assert seen == sorted(row["unique_id"] for row in v1(f"FROM v1.models WHERE {PROD} AND is_enabled"))


@pytest.mark.parametrize(
    ("tool", "view"),
    [
        ("get_model_details", "models"),
        ("get_source_details", "sources"),
        ("get_seed_details", "seeds"),
        ("get_snapshot_details", "snapshots"),
        ("get_test_details", "tests"),
        ("get_exposure_details", "exposures"),
        ("get_macro_details", "macros"),
        ("get_semantic_model_details", "semantic_models"),
    ],
)
def test_details_are_found_by_name_and_by_unique_id(call, v1, tool: str, view: str) -> None:
    row = v1(f"FROM v1.{view} WHERE {PROD} AND is_enabled ORDER BY unique_id LIMIT 1")[0]
    [by_id] = call(tool, name=row["unique_id"])["result"]
    assert (by_id["uniqueId"], by_id["name"]) == (row["unique_id"], row["name"])
    assert by_id in call(tool, name=row["name"])["result"]
    assert "there is no" in call(tool, name="no such node")


def test_parents_children_health_and_lineage(call, v1) -> None:
    edges = v1(f"FROM v1.node_edges WHERE {PROD}")
    [parents] = call("get_model_parents", name=MODEL)["result"]
    expected = {row["parent_unique_id"] for row in edges if row["child_unique_id"] == MODEL}
    assert {one["uniqueId"] for one in parents["parents"]} == expected
    [children] = call("get_model_children", name="fct_cafe_days")["result"]
    expected = {row["child_unique_id"] for row in edges if row["parent_unique_id"] == MODEL}
    assert {one["uniqueId"] for one in children["children"]} == expected
    [health] = call("get_model_health", name=MODEL)["result"]
    assert health["executionInfo"]["lastRunStatus"] == "success"
    above = {
        row["unique_id"] for row in call("get_lineage", name=MODEL, depth=50)["result"] if row["direction"] == "up"
    }
    rows = v1(f"SELECT ancestor_unique_id AS id FROM v1.node_ancestors WHERE {PROD} AND unique_id = ?", MODEL)
    assert above == {row["id"] for row in rows}
    assert "ISO 8601" in call("get_lineage", name=MODEL, at="yesterday")


def test_a_failed_run_is_found_and_explained(call, v1) -> None:
    failed = call("list_jobs_runs", is_failed=True)["result"]
    rows = v1(f"SELECT invocation_ids FROM v1.logical_runs WHERE {PROD} AND NOT is_success")
    assert {id_ for run in failed for id_ in run["invocation_ids"]} == {
        id_ for row in rows for id_ in row["invocation_ids"]
    }
    nightly = next(run for run in failed if run["job_name"] == "nightly")
    found = call("get_job_run_error", run_id=nightly["run_id"])["result"]
    failures = {row["unique_id"] for one in found for row in one["failures"]}
    assert failures == {
        row["unique_id"]
        for row in v1(
            "FROM v1.node_executions WHERE status_class = 'failure' AND list_contains(?, invocation_id)",
            nightly["invocation_ids"],
        )
    }
    assert call("get_job_run_details", run_id=nightly["run_id"])["result"] == nightly
    assert "list_jobs_runs" in call("get_job_run_details", run_id=1)


def test_changes_of_definitions_within_a_time(call, v1) -> None:
    since, until = "2026-11-06T00:00:00Z", "2026-11-08T00:00:00Z"
    found = call("definition_changes", since=since, until=until, limit=100)["result"]
    changed = [row for row in found if row["change"] == "changed"]
    rows = v1(
        f"FROM v1.definitions WHERE {PROD} AND previous_definition_id IS NOT NULL "
        "AND valid_from >= TIMESTAMP '2026-11-06' AND valid_from < TIMESTAMP '2026-11-08'"
    )
    assert {row["unique_id"] for row in changed} == {row["unique_id"] for row in rows}


def test_column_lineage_regressions_and_flaky_tests_answer(call) -> None:
    assert call("get_column_lineage", name=MODEL, column="revenue_eur")["result"]
    assert "result" in call("find_regressions")
    assert "result" in call("find_flaky_tests")
    assert call("list_jobs")["result"]


@pytest.mark.parametrize("sql", [*ESCAPES[:2], *release_only(*ESCAPES[2:], *MORE_ESCAPES)])
def test_a_query_leads_nowhere_else(call, sql: str) -> None:
    found = call("query", sql=sql)
    assert isinstance(found, str), "it is refused"
    assert not Path("/tmp/escaped.csv").exists()


def test_a_query_is_answered_and_cut(call, v1) -> None:
    [row] = v1("SELECT count(*) AS n FROM v1.nodes")
    assert call("query", sql="SELECT count(*) AS n FROM v1.nodes")["result"] == [row]
    many = call("query", sql="SELECT unique_id FROM v1.nodes", limit=3)
    assert (len(many["result"]), many["row_count"], many["is_cut"]) == (3, row["n"], True)


AGENT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def test_over_http_each_request_stands_alone(client: TestClient, call) -> None:
    def sent(method: str, **parameters: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        return client.post("/mcp", json=message, headers=AGENT).json()["result"]

    assert [tool["name"] for tool in sent("tools/list")["tools"]] == [*TOOLS]
    found = sent("tools/call", name="get_all_models", arguments={"limit": 3})
    assert json.loads(found["content"][0]["text"]) == call("get_all_models", limit=3)
    failed = sent("tools/call", name="get_model_details", arguments={"name": "no such node"})
    assert failed["isError"]
    assert "there is no" in failed["content"][0]["text"]


def test_over_http_the_limits_of_the_server_hold(client: TestClient) -> None:
    assert client.post("/mcp", content=b" " * 300_000, headers=AGENT).status_code == 413
    assert client.get("/mcp", headers=AGENT).status_code == 405


def test_over_stdio_nothing_but_the_protocol_is_on_stdout(served_file: Path) -> None:
    async def talk() -> Any:
        call = StdioServerParameters(
            command=sys.executable, args=["-m", "artifact_warehouse", "mcp", str(served_file), "--environment", "prod"]
        )
        async with Client(stdio_client(call)) as client:
            view = await client.read_resource("warehouse://views/models")
            return await client.call_tool("list_jobs", {}), json.loads(view.contents[0].text)

    jobs, view = _result(talk())
    assert not jobs.is_error
    assert view["name"] == "v1.models"
    assert {"name", "type", "comment"} <= view["columns"][0].keys()
