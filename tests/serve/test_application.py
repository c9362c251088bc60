"""The server: who is answered, what is refused, health, metrics and tiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import run
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from serving import CALLER, HERE
from starlette.testclient import TestClient

from artifact_warehouse.serve import RequestLimits, app

pytestmark = pytest.mark.slow

PATHS = ("/metrics", "/graphql", "/graphql/", "/beta/graphql", "/exposure-tile?name=x", "/mcp", "/nothing")


@pytest.fixture(scope="module")
def guarded(served_file: Path):
    with TestClient(app(served_file, token="s3cret", every=3600), base_url="https://wh.example") as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_with_a_token_every_path_needs_it(guarded: TestClient, path: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "s3cret"},
        {"Authorization": "Basic s3cret"},
    ):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    for scheme in ("Bearer", "Token", "bearer"):
        assert guarded.get(path, headers={"Authorization": f"{scheme} s3cret"}).status_code != 401


def test_only_tiles_take_the_token_in_the_address(guarded: TestClient) -> None:
    assert guarded.get("/exposure-tile?uniqueId=exposure.none.none&token=s3cret").status_code == 404
    assert guarded.get("/metrics?token=s3cret").status_code == 401


def test_health_needs_no_token_and_names_no_file(guarded: TestClient, served_file: Path) -> None:
    answer = guarded.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert str(served_file) not in answer.text


@pytest.mark.parametrize(
    ("base_url", "caller"),
    [(HERE, ("192.0.2.7", 50000)), ("http://wh.example", CALLER), ("http://192.0.2.7", CALLER)],
    ids=["another machine", "a name that leads here", "an address that others reach"],
)
def test_without_a_token_only_this_machine_is_answered(served_file: Path, base_url: str, caller: Any) -> None:
    with TestClient(app(served_file, every=3600), base_url=base_url, client=caller) as client:
        assert client.get("/health").status_code == 200
        answer = client.get("/graphql?query={__typename}")
        assert answer.status_code == 403
        assert "--token-env" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/sql/run", "/graphql", "/mcp"])
def test_only_pages_of_this_server_are_answered(client: TestClient, guarded: TestClient, path: str) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:8000", "null"):
        for asked, headers in ((client, {}), (guarded, {"Authorization": "Bearer s3cret"})):
            answer = asked.post(path, json={}, headers={"Origin": origin, **headers})
            assert (answer.status_code, "origin" in answer.json()["error"]) == (403, True)
    assert client.post("/graphql", json={"query": "{__typename}"}, headers={"Origin": HERE}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "wh.example"])
def test_without_a_token_it_listens_at_loopback_only(served_file: Path, host: str) -> None:
    result = run("serve", served_file, "--host", host)
    assert result.exit_code == 2
    assert "--token-env" in result.stderr


def test_a_token_that_is_not_there_is_told(served_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WH_TOKEN", raising=False)
    result = run("serve", served_file, "--token-env", "WH_TOKEN")
    assert (result.exit_code, "WH_TOKEN" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"null", "query"),
        (b"[]", "one by one"),
        (b'[{"query": "{__typename}"}]', "one by one"),
        (b'{"query": 1}', "query"),
        (b'{"query": "{__typename}", "variables": [1]}', "variables"),
        (b'{"query": "{__typename}", "operationName": {}}', "operationName"),
        (json.dumps({"query": " " * 200_000}).encode(), "larger than"),
    ],
)
def test_what_is_no_request_is_told(client: TestClient, body: bytes, word: str) -> None:
    answer = client.post("/graphql", content=body)
    assert answer.status_code == 400
    assert word in answer.json()["errors"][0]["message"]


def test_get_post_and_plain_text_are_answered_alike(client: TestClient) -> None:
    document, variables = "query($id: BigInt!) { environment(id: $id) { dbtProjectName } }", {"id": "prod"}
    answers = [
        client.get("/graphql", params={"query": document, "variables": json.dumps(variables)}).json(),
        client.post("/graphql/", json={"query": document, "variables": variables}).json(),
        client.post(
            "/beta/graphql",
            content='{ environment(id: "prod") { dbtProjectName } }',
            headers={"content-type": "application/graphql"},
        ).json(),
    ]
    assert answers == [{"data": {"environment": {"dbtProjectName": "harbor_cafe"}}}] * 3


def test_metrics_are_openmetrics_and_count_what_the_views_count(client: TestClient, v1) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    found = {
        (sample.labels["environment"], sample.labels["job"], sample.labels["outcome"]): sample.value
        for sample in families["dbt_job_runs"].samples
        if sample.name.endswith("_total")
    }
    rates = v1(
        "SELECT environment, job_name, sum(success_count) AS good, sum(failure_count) AS bad "
        "FROM v1.logical_run_success_rates GROUP BY ALL"
    )
    assert found == {
        (row["environment"], row["job_name"], outcome): row[column]
        for row in rates
        for outcome, column in (("success", "good"), ("failure", "bad"))
    }
    [stale] = [s.value for s in families["dbt_stale_sources"].samples if s.labels["environment"] == "prod"]
    sources = v1("SELECT freshness_status FROM v1.sources WHERE environment = 'prod'")
    assert stale == sum(row["freshness_status"] not in (None, "pass") for row in sources)


def test_metrics_have_no_series_for_a_node_or_an_unknown_path(client: TestClient) -> None:
    for number in range(3):
        client.get(f"/unknown-{number}")
    text = client.get("/metrics").text
    assert "unknown-" not in text
    assert "model." not in text


def test_a_tile_is_html_svg_or_json(client: TestClient, numbers) -> None:
    asked = {"uniqueId": "exposure.harbor_cafe.harbour_dashboard", "environmentId": numbers.prod}
    page = client.get("/exposure-tile", params=asked)
    assert page.headers["content-type"].startswith("text/html")
    assert "Data freshness passed" in page.text
    picture = client.get("/exposure-tile", params={**asked, "format": "svg"})
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg")
    tile = client.get("/exposure-tile", params={**asked, "format": "json"}).json()
    assert (tile["unique_id"], tile["environment"]) == (asked["uniqueId"], "prod")
    by_job = client.get("/exposure-tile", params={"name": tile["name"], "jobId": numbers.nightly, "format": "json"})
    assert by_job.json() == tile


def test_an_unknown_tile_is_told(client: TestClient) -> None:
    assert client.get("/exposure-tile").status_code == 400
    assert client.get("/exposure-tile?name=harbour_dashboard&format=gif").status_code == 400
    unknown = client.get("/exposure-tile?name=harbour_dashbord&environmentId=1")
    assert (unknown.status_code, "ids" in unknown.json()["error"]) == (404, True)
    near = client.get("/exposure-tile?name=harbour_dashbord")
    assert (near.status_code, "harbour_dashboard" in near.json()["error"]) == (404, True)


def test_a_long_address_is_refused(served_file: Path) -> None:
    small = RequestLimits(body_bytes=100)
    with TestClient(app(served_file, limits=small, every=3600), base_url=HERE, client=CALLER) as client:
        assert client.get("/graphql", params={"query": "x" * 101}).status_code == 414
