"""Reports of warehouses with little in them, or with texts that look like markup: gaps are named, text stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import artifact, manifest, write
from pages import Opened

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

AT = "2026-03-01T01:00:00Z"
LONG = "x" * 100_000
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>]]>\"'`${alert(3)} 🚢 \u202e\u0634\u0631\u0643\u0629 "
    "[a](javascript:alert(4)) ![b](http://example.invalid/b.png) <b>bold</b>"
)
PAGES = ("overview", "runs", "lineage", "tests", "sources", "incidents", "changes", "costs", "rules")


def node(name: str, *parents: str, **fields: Any) -> dict[str, Any]:
    return {
        **{"unique_id": f"model.shop.{name}", "name": name, "resource_type": "model", "package_name": "shop"},
        **{"depends_on": {"nodes": [f"model.shop.{parent}" for parent in parents], "macros": []}, "columns": {}},
        **{"original_file_path": f"models/{name}.sql", "config": {"materialized": "table"}, "raw_code": "select 1"},
        **fields,
    }


def result(unique_id: str, status: str = "success", message: str = "OK") -> dict[str, Any]:
    timing = [{"name": "execute", "started_at": AT, "completed_at": "2026-03-01T01:00:02Z"}]
    return {
        **{"unique_id": unique_id, "status": status, "execution_time": 2.0, "thread_id": "Thread-1", "timing": timing},
        **{"adapter_response": {}, "message": message, "failures": None},
    }


def run_of(*results: dict[str, Any]) -> dict[str, Any]:
    about = {"invocation_id": "run-1", "generated_at": AT, "project_name": "shop"}
    return artifact(
        "run_results", about, results=list(results), elapsed_time=2.0, args={"which": "run", "target": "prod"}
    )


def manifest_of(*nodes: dict[str, Any], invocation_id: str = "run-1") -> dict[str, Any]:
    about = {"invocation_id": invocation_id, "generated_at": AT, "project_name": "shop"}
    return manifest({one["unique_id"]: one for one in nodes}, about)


def report_of(folder: Path, *contents: tuple[str, dict[str, Any]], **labels: str) -> Path:
    for place, (kind, content) in enumerate(contents):
        write(folder / "in" / str(place), kind, content)
    with Warehouse(folder / "wh.duckdb") as warehouse:
        if contents:
            warehouse.load(folder / "in", **labels)
        return warehouse.report().save(folder / "report.html")


def assert_peaceful(shown: Opened) -> None:
    assert shown.complaints == []
    assert [url for url in shown.requests if not url.startswith(("file:", "about:", "data:"))] == []


def test_an_empty_warehouse_says_so(opened: Callable[..., Opened], tmp_path: Path) -> None:
    shown = opened(report_of(tmp_path)).go("overview")
    assert "An empty warehouse" in shown.text()
    assert_peaceful(shown)


def test_what_is_missing_is_said_on_every_page(opened: Callable[..., Opened], tmp_path: Path) -> None:
    for name, contents, sentences in (
        (
            "without runs",
            [("manifest", manifest_of(node("a"), node("b", "a")))],
            {"overview": "only manifests were loaded", "runs": "No run", "costs": "No node was executed"},
        ),
        (
            "without manifest",
            [("run_results", run_of(result("model.shop.a")))],
            {"lineage": "No manifest", "changes": "No manifest", "rules": "No manifest", "tests": "declare no test"},
        ),
    ):
        (tmp_path / name).mkdir()
        shown = opened(report_of(tmp_path / name, *contents))
        for page in PAGES:
            shown.go(page)
            assert sentences.get(page, "") in shown.text(), (name, page)
        assert_peaceful(shown)
    shown.go("run/run-1/run")
    assert "2.0 s" in shown.text()
    shown.go("model/model.shop.a")
    assert "last passed" in shown.text()


def test_two_projects_of_the_same_names_stay_apart(opened: Callable[..., Opened], tmp_path: Path) -> None:
    for project, code in (("one", "select 1 as one"), ("two", "select 2 as two")):
        write(tmp_path / project, "manifest", manifest_of(node("a", raw_code=code), invocation_id=project))
    with Warehouse(tmp_path / "wh.duckdb") as warehouse:
        for project in ("one", "two"):
            warehouse.load(tmp_path / project, project=project, environment="prod")
        file = warehouse.report().save(tmp_path / "report.html")
    shown = opened(file)
    for project in ("one", "two"):
        shown.go("model/model.shop.a", **{"in": f"{project}/prod"})
        shown.page.wait_for_selector(f"#code pre:has-text('as {project}')")
        assert shown.page.locator("header select option:checked").inner_text() == f"{project} · prod"
    shown.go("overview")
    assert shown.page.locator(".tile").count() == 2


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    nodes = [
        node("a", description=HOSTILE, raw_code=f"select '{HOSTILE}' -- {LONG}", meta={"owner": HOSTILE}),
        node("b", "a", description=LONG, config={"materialized": HOSTILE, "tags": [HOSTILE]}),
        node("q%?#/&=<i>", "b", columns={HOSTILE: {"name": HOSTILE, "description": HOSTILE, "data_type": HOSTILE}}),
    ]
    runs = run_of(result("model.shop.a", "error", f"{HOSTILE}\n{LONG}"), result("model.shop.b"))
    contents = (("manifest", manifest_of(*nodes)), ("run_results", runs))
    return report_of(tmp_path, *contents, job=HOSTILE, environment=HOSTILE)


def test_foreign_texts_are_shown_as_text(opened: Callable[..., Opened], hostile: Path) -> None:
    shown = opened(hostile, width=360)
    for address in (*PAGES, "run/run-1/run", "model/model.shop.a", "model/model.shop.b", "model/model.shop.q%?#/&=<i>"):
        shown.go(address)
        assert shown.sideways() <= 0, address
        foreign = shown.page.locator("main img, main script, main i:not(.swatch), main b:text('bold')")
        assert foreign.count() == 0, address
        assert shown.page.locator("a[href^='javascript']").count() == 0
    shown.go("model/model.shop.a")
    shown.page.wait_for_selector(".prose")
    assert "<script>alert(1)</script>" in shown.text(".prose")
    code = f"#code pre:has-text('{LONG[:200]}')"
    shown.page.wait_for_selector(code)
    assert LONG in shown.text(code)
    shown.go("run/run-1/run")
    shown.page.wait_for_selector(".failure pre:has-text('onerror=alert(2)')")
    assert LONG[:1000] in shown.text(".failure pre")
    said = f"the first 2\u202f000 of {len(HOSTILE) + 1 + len(LONG):,} characters".replace(",", "\u202f")
    assert said in shown.text(".failure")
    query = shown.text(".failure code")
    assert query.startswith("SELECT message FROM v1.node_executions WHERE invocation_id = 'run-1'")
    shown.go("model/model.shop.q%?#/&=<i>")
    assert shown.text("h1") == "q%?#/&=<i>"
    shown.page.keyboard.press("/")
    shown.page.keyboard.type("<i>")
    assert "q%?#/&=<i>" in shown.text("#hits")
    assert_peaceful(shown)
