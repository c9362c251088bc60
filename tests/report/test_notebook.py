"""What a notebook shows: pictures that equal the views, without a script, and the report in a frame."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import artifact, manifest, write
from pages import Opened
from testdata import release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import UnknownNode, UnknownRun

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a</text><script>alert(1)</script>\u202e\u0634\x00"


def shapes(svg: str, tag: str, cls: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(svg).iter(f"{SVG}{tag}") if cls in one.get("class", "").split()]


def words(svg: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("runs", ["command = 'build' and not is_success", *release_only("true")])
def test_a_timeline_has_a_bar_for_each_node_on_its_thread(sample_warehouse: Warehouse, runs: str) -> None:
    asked = f"select invocation_id, command from v1.invocations where is_executing and {runs}"
    for run, command in sample_warehouse.sql(asked).fetchall():
        timeline = sample_warehouse.timeline(run)
        asked = sample_warehouse.sql(
            "select count(*), count(distinct thread_id), count(observed_step),"
            " count(*) filter (status in ('fail', 'error', 'runtime error'))"
            f" from v1.run_timelines_of(['{run}']) where command = '{command}' and started_at is not null"
        )
        [(nodes, threads, steps, failed)] = asked.fetchall()
        svg = timeline.to_svg()
        bars = shapes(svg, "rect", "bar")
        middles = {round(float(bar.get("y", "")) + float(bar.get("height", "")) / 2, 0) for bar in bars}
        assert (len(bars), len(middles), len(shapes(svg, "rect", "path"))) == (nodes, threads, steps), run
        assert len([bar for bar in bars if "fail" in bar.get("class", "").split()]) == failed
        assert len(repr(timeline).splitlines()) == (4 + steps if nodes else 2)


def test_a_run_is_named_by_its_beginning_or_its_labels(sample_warehouse: Warehouse) -> None:
    [(run,)] = sample_warehouse.sql(
        "select arg_max(invocation_id, generated_at) from v1.invocations"
        " where is_executing and environment = 'prod' and job_name = 'nightly'"
    ).fetchall()
    assert sample_warehouse.timeline(run[:8]).run["invocation_id"] == run
    assert sample_warehouse.timeline(environment="prod", job="nightly").run["invocation_id"] == run
    with pytest.raises(UnknownRun):
        sample_warehouse.timeline("nothing")


@pytest.mark.release
@pytest.mark.parametrize("nodes", ["max(unique_id)", *release_only("unnest(list(unique_id))")])
def test_a_history_has_a_mark_for_each_result_and_each_change(sample_warehouse: Warehouse, nodes: str) -> None:
    asked = (
        f"select {nodes}, environment from v1.nodes where resource_type in ('model', 'seed', 'snapshot', 'source')"
        " group by resource_type, environment"
    )
    for node, environment in sample_warehouse.sql(asked).fetchall():
        history = sample_warehouse.history(node, environment=environment)
        svg = history.to_svg()
        where = f"where unique_id = '{node}' and environment = '{environment}'"
        own = f"(unique_id = '{node}' or tested_unique_id = '{node}') and environment = '{environment}'"
        classes = sample_warehouse.sql(
            "select status_class from v1.node_executions as results"
            " join v1.invocations using (invocation_id, command, environment)"
            f" left join v1.tests using (unique_id, environment) where {own}"
            " and is_executing and status_class <> 'not_executed' union all"
            f" select if(lower(status) in ('pass', 'warn'), 'success', 'failure') from v1.source_freshness {where}"
        ).fetchall()
        expected = Counter(status for (status,) in classes)
        assert len(shapes(svg, "rect", "m-ok")) == expected["success"] + expected["warn"], (node, environment)
        assert len(shapes(svg, "rect", "m-fail")) == expected["failure"]
        assert len(shapes(svg, "rect", "m-skip")) == expected["skipped"]
        [(versions, firsts)] = sample_warehouse.sql(
            "select count(*), count(*) filter (valid_from = (select min(valid_from) from v1.definitions"
            f" where environment = '{environment}')) from v1.definitions {where}"
        ).fetchall()
        assert len(shapes(svg, "path", "flagtop")) == versions - firsts
        assert repr(history).splitlines()[0] == f"{node} in harbor_cafe, {environment}"


def test_a_name_that_no_node_has_is_told(sample_warehouse: Warehouse) -> None:
    with pytest.raises(UnknownNode):
        sample_warehouse.history("fct_order")


def test_a_lineage_draws_each_node_but_tests_and_each_edge(sample_warehouse: Warehouse) -> None:
    for node in ("fct_orders", "stg_orders", "source.harbor_cafe.pos.orders", "harbour_dashboard"):
        lineage = sample_warehouse.lineage(node)
        rows = lineage.rows.to_pylist()
        expected = {row["unique_id"] for row in rows if row["resource_type"] not in ("test", "unit_test")}
        svg = lineage._repr_svg_()
        drawn = {box[0].text for box in shapes(svg, "rect", "box")}
        assert drawn == {*expected, lineage.unique_id}
        assert [box[0].text for box in shapes(svg, "rect", "start")] == [lineage.unique_id]
        ancestors = {row["unique_id"] for row in rows if row["direction"] == "up"} | {lineage.unique_id}
        descendants = {row["unique_id"] for row in rows if row["direction"] == "down"} | {lineage.unique_id}
        pairs = sample_warehouse.sql("select distinct parent_unique_id, child_unique_id from v1.node_edges").fetchall()
        edges = [p for p in pairs if set(p) <= drawn and (set(p) <= ancestors or set(p) <= descendants)]
        assert len(shapes(svg, "path", "edge")) == len(edges)
        for row in rows:
            assert f"{row['resource_type']} {row['name']}" in repr(lineage)


def test_a_lineage_of_a_column_is_drawn(sample_warehouse: Warehouse) -> None:
    lineage = sample_warehouse.column_lineage("fct_orders", "total_eur")
    drawn = [box[0].text for box in shapes(lineage._repr_svg_(), "rect", "box")]
    reached = {f"{row['unique_id']}.{row['column_name']}" for row in lineage.rows.to_pylist()}
    assert sorted(drawn) == sorted({*reached, lineage.unique_id})
    assert "model stg_order_lines.quantity" in repr(lineage)


def run_of(identifier: str) -> dict[str, Any]:
    timing = [{"name": "execute", "started_at": "2026-03-01T01:00:00Z", "completed_at": "2026-03-01T01:00:01Z"}]
    result = {
        **{"unique_id": f"model.shop.{HOSTILE}", "status": "error", "execution_time": 1.0, "thread_id": HOSTILE},
        **{"timing": timing, "adapter_response": {}, "message": HOSTILE, "failures": None},
    }
    about = {"invocation_id": identifier, "generated_at": "2026-03-01T02:00:00Z", "project_name": HOSTILE}
    return artifact("run_results", about, results=[result], elapsed_time=1.0, args={"which": "run", "target": HOSTILE})


def test_foreign_names_are_text_and_gaps_are_said(tmp_path: Path) -> None:
    name = f"model.shop.{HOSTILE}"
    node = {
        **{"unique_id": name, "name": HOSTILE, "resource_type": "model", "package_name": "shop"},
        **{"depends_on": {"nodes": [], "macros": []}, "original_file_path": "a.sql", "raw_code": "select 1"},
    }
    lonely = {**node, "unique_id": "model.shop.lonely", "name": "lonely"}
    about = {"invocation_id": "one", "generated_at": "2026-03-01T01:30:00Z", "project_name": HOSTILE}
    write(tmp_path / "in", "manifest", manifest({one["unique_id"]: one for one in (node, lonely)}, about))
    write(tmp_path / "in", "run_results", run_of("one"))
    with Warehouse(tmp_path / "wh.duckdb") as warehouse:
        warehouse.load(tmp_path / "in", job=HOSTILE)
        for shown in (
            warehouse.timeline(),
            warehouse.history(name),
            warehouse.lineage(name),
            warehouse.history("lonely"),
        ):
            svg = shown._repr_svg_()
            assert {one.tag.removeprefix(SVG) for one in ET.fromstring(svg).iter()} <= {
                *("svg", "style", "g", "rect", "path", "circle", "text", "title")
            }
            assert len(repr(shown).splitlines()) >= 2


def test_a_deep_lineage_draws_the_nearest_nodes_and_says_so(tmp_path: Path) -> None:
    nodes = {}
    for place in range(100):
        above = [f"model.shop.m{place - 1:03}"] if place else []
        nodes[f"model.shop.m{place:03}"] = {
            **{"unique_id": f"model.shop.m{place:03}", "name": f"m{place:03}", "resource_type": "model"},
            **{"package_name": "shop", "depends_on": {"nodes": above, "macros": []}, "raw_code": "select 1"},
        }
    about = {"invocation_id": "one", "generated_at": "2026-03-01T01:30:00Z", "project_name": "shop"}
    write(tmp_path / "in", "manifest", manifest(nodes, about))
    with Warehouse(tmp_path / "wh.duckdb") as warehouse:
        warehouse.load(tmp_path / "in")
        svg = warehouse.lineage("m000")._repr_svg_()
    assert "99 nodes, the nearest 80 are drawn" in words(svg)
    assert len(shapes(svg, "rect", "box")) == 81


@pytest.mark.release
def test_a_report_in_a_notebook_follows_its_own_links(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    report = sample_warehouse.report(title='Harbour "cafés" <b>')
    assert len(repr(report)) < 100
    notebook = tmp_path / "notebook.html"
    base = "<!doctype html><meta charset=utf-8><base href='http://notebook.invalid/'>"
    notebook.write_text(base + report._repr_html_())
    shown = opened(notebook)
    shown.page.goto(notebook.as_uri())
    frame = shown.page.frames[1]
    frame.wait_for_selector("html[data-ready]", state="attached")
    frame.click("nav a:has-text('Runs')")
    frame.click("main tbody a >> nth=0")
    frame.locator("canvas").focus()
    shown.page.keyboard.press("ArrowRight")
    frame.wait_for_function("location.hash.includes('node=')")
    shown.page.keyboard.press("/")
    shown.page.keyboard.type("fct_orders")
    shown.page.keyboard.press("Enter")
    frame.wait_for_selector("h1:has-text('fct_orders')")
    assert shown.page.url == notebook.as_uri()
    assert shown.complaints == []
    assert [url for url in shown.requests if not url.startswith(("file:", "about:", "data:"))] == []
