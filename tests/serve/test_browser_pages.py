"""The report on live data, and the page for SQL."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from serving import ESCAPES, MORE_ESCAPES
from starlette.testclient import TestClient
from testdata import release_only

from artifact_warehouse.serve import app

pytestmark = pytest.mark.slow


def run(client: TestClient, sql: Any, **more: Any) -> dict[str, Any]:
    return client.post("/sql/run", json={"sql": sql, **more}).json()


def test_the_first_page_is_the_report_of_the_newest_copy(client: TestClient, served_file: Path) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "<title>dbt, run by run</title>" in answer.text
    assert "script-src 'sha256-" in answer.text, "the page has its own policy"
    assert "default-src" not in answer.headers["content-security-policy"]
    assert client.get("/?days=x").status_code == 400
    del served_file


def test_a_query_of_the_page_gives_the_rows_of_the_view(client: TestClient, v1) -> None:
    found = run(client, "SELECT unique_id, test_count FROM v1.models ORDER BY environment, unique_id")
    assert found["rows"] == v1("SELECT unique_id, test_count FROM v1.models ORDER BY environment, unique_id")
    assert (found["row_count"], found["is_cut"]) == (len(found["rows"]), False)


def test_a_large_result_is_cut_and_a_plan_is_shown(client: TestClient) -> None:
    found = run(client, "SELECT * FROM range(1500) AS r(n)")
    assert (len(found["rows"]), found["row_count"], found["is_cut"]) == (1000, 1500, True)
    [row] = run(client, "SELECT count(*) FROM v1.nodes", plan=True)["rows"]
    assert {"explain_key", "explain_value"} == row.keys()


@pytest.mark.parametrize("sql", [*ESCAPES, *release_only(*MORE_ESCAPES)])
def test_a_query_of_the_page_leads_nowhere_else(client: TestClient, sql: str) -> None:
    assert run(client, sql).get("error")
    assert not Path("/tmp/escaped.csv").exists()
    assert not Path("/tmp/escaped").exists()


def test_a_query_comes_as_json_from_this_page_only(client: TestClient) -> None:
    assert client.post("/sql/run", content='{"sql": "SELECT 1"}').status_code == 415
    assert client.post("/sql/run", data={"sql": "SELECT 1"}).status_code == 415
    assert client.post("/sql/run", json=["SELECT 1"]).status_code == 400
    assert client.get("/sql/run").status_code == 405


def test_the_views_and_their_comments_are_beside_it(client: TestClient, v1) -> None:
    views = {row["name"] for row in client.get("/sql/views").json()}
    known = v1("SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1'")
    assert {f"v1.{row['view_name']}" for row in known} <= views
    columns = client.get("/sql/views/v1.models").json()["columns"]
    assert all(column["comment"] for column in columns)
    assert client.get("/sql/views/none").status_code == 404


def test_the_page_takes_scripts_of_its_own_only(client: TestClient) -> None:
    page = client.get("/sql")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "innerHTML" not in client.get("/sql/script.js").text
    assert client.get("/sql/style.css").headers["content-type"].startswith("text/css")


def test_a_browser_asks_for_the_token_as_a_password(served_file: Path) -> None:
    with TestClient(app(served_file, token="s3cret", every=3600), base_url="https://wh.example") as client:
        refused = client.get("/sql")
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        for password, status in (("s3cret", 200), ("wrong", 401), ("", 401)):
            credentials = base64.b64encode(f"anyone:{password}".encode()).decode()
            assert client.get("/sql", headers={"Authorization": f"Basic {credentials}"}).status_code == status
