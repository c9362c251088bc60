"""The pages in a real browser: each opens by its address, and shows what the views have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import PAGES, Opened, Reported
from testdata import release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

SCOPE = {"in": "harbor_cafe/prod"}


def ask(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse.sql(sql).fetchall()


WINDOWS = ((360, "light"), (360, "dark"), (1440, "light"), (1440, "dark"))


@pytest.mark.parametrize(
    ("reported", "width", "scheme"),
    [
        ("samples", 360, "light"),
        *release_only(*(("samples", *window) for window in (*WINDOWS[1:], (900, "light"), (3840, "light")))),
        *release_only(*((name, *window) for name in ("ad-reporting", "whyline-denver", "scale") for window in WINDOWS)),
    ],
    indirect=["reported"],
    ids=str,
)
def test_every_page_opens_by_its_address_in_peace(
    opened: Callable[..., Opened], reported: Reported, width: int, scheme: str
) -> None:
    shown = opened(reported.file, width=width, scheme=scheme)
    addresses = reported.addresses()
    assert len(addresses) > len(PAGES) + 3
    for address in addresses:
        shown.go(address, **reported.keys)
        assert shown.sideways() <= 0, address
        assert shown.page.locator("h1").count() == 1, address
        assert len(shown.text()) > 20, address
        shown.photograph(reported.name, f"{width}_{scheme}", address)
    assert shown.complaints == []
    assert {url for url in shown.requests if not url.startswith((reported.file.as_uri(), "about:", "data:"))} == set()


def test_the_tiles_equal_the_views(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    shown = opened(sample_report).go("overview", **SCOPE)
    scopes = ask(sample_warehouse, "select distinct project_name, environment from v1.nodes")
    assert shown.page.locator(".tile").count() == len(scopes)
    for project, environment in scopes:
        where = f"project_name = '{project}' and environment = '{environment}'"
        tile = shown.page.locator(f'.tile[data-scope="{project}/{environment}"]')
        [(passed, all_runs)] = ask(
            sample_warehouse,
            f"with runs as (from v1.logical_runs where {where} and is_success is not null) "
            "select count(*) filter (is_success), count(*) from runs "
            "where started_at > (select max(started_at) from runs) - interval 7 days",
        )
        assert tile.locator(".rate").inner_text() == f"{100 * passed / all_runs:.0f} %"
        assert f"{passed} of {all_runs} runs passed" in tile.inner_text()
        counts = {
            "failing tests": f"from v1.tests where {where} and is_failing",
            "stale sources": f"from v1.sources where {where} and freshness_status <> 'pass'",
            "open incidents": f"from v1.failure_incidents where {where} and is_open",
            "slower nodes": f"from v1.execution_time_regressions where {where} and is_confirmed and ended_at is null",
            "flaky tests": f"from v1.flaky_tests where {where} and flip_count > 0",
        }
        cells = tile.locator(".counts div").all()
        figures = {cell.locator("dt").inner_text(): int(cell.locator("dd").inner_text()) for cell in cells}
        assert figures == {name: ask(sample_warehouse, f"select count(*) {sql}")[0][0] for name, sql in counts.items()}


def test_every_run_has_a_mark_with_its_outcome(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    shown = opened(sample_report)
    for count, view in (("runs", "logical_runs"), ("invocations", "invocations")):
        shown.go("overview", **SCOPE, count=count)
        shown.page.wait_for_selector(".figure svg")
        labels = shown.page.eval_on_selector_all(
            "a.mark[href*='#/run/']:not([tabindex])", "marks => marks.map(mark => mark.getAttribute('aria-label'))"
        )
        expected = ask(
            sample_warehouse,
            "select concat_ws(' · ', command, job_name)"
            " || strftime(coalesce(started_at, generated_at), ' %-d %b %H:%M ')"
            " || case when is_success is null then 'not run' when not is_success then 'failed'"
            " when warn_count > 0 then 'warned' else 'passed' end"
            f" from v1.{view} where environment = 'prod'",
        )
        assert sorted(labels) == sorted(label for (label,) in expected)


def test_the_table_of_tests_equals_the_views(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    rows = opened(sample_report).go("tests", **SCOPE).table("All tests")
    expected = ask(
        sample_warehouse,
        "select case when executed_count > 0 then failure_count || ' of ' || executed_count else '–' end,"
        " coalesce(warn_count, 0)::varchar, coalesce(strftime(last_failed_at, '%-d %b %H:%M'), 'never')"
        " from v1.tests left join v1.test_failure_rates using (project_name, environment, unique_id)"
        " where environment = 'prod'",
    )
    assert sorted((row["Failed"], row["Warned"], row["Last failed"]) for row in rows) == sorted(expected)


@pytest.mark.release
def test_the_history_of_a_node_has_a_mark_for_every_result(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    shown = opened(sample_report)
    joined = "v1.node_executions as e join v1.invocations using (invocation_id, command, project_name, environment)"
    counted = ask(
        sample_warehouse,
        "select unique_id, count(*) filter (is_executing and status_class in ('success', 'warn')"
        " and execution_seconds > 0)"
        f" from {joined} where environment = 'prod' and resource_type = 'model' group by unique_id order by unique_id",
    )
    for node, timed in counted:
        shown.go(f"model/{node}", **SCOPE)
        dots = shown.page.locator("#history a.mark[href*='#/run/']")
        if timed:
            shown.page.wait_for_selector("#history svg")
        assert dots.count() == timed, node


def test_the_keyboard_reaches_search_tables_and_the_graph(opened: Callable[..., Opened], sample_report: Path) -> None:
    shown = opened(sample_report).go("overview", **SCOPE)
    page = shown.page
    page.keyboard.press("/")
    page.keyboard.type("fct_orders")
    assert page.locator("#hits a").first.inner_text().startswith("model")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('fct_orders')")
    assert shown.address().startswith("#/model/model.harbor_cafe.fct_orders?")
    shown.go("runs", **SCOPE)
    head = page.locator("th button", has_text="Took")
    head.focus()
    page.keyboard.press("Enter")
    assert page.locator("th", has_text="Took").get_attribute("aria-sort") == "descending"
    shown.go("lineage", **SCOPE, node="model.harbor_cafe.fct_orders")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("!location.hash.includes('node=model.harbor_cafe.fct_orders')")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1")
    assert shown.complaints == []


def test_search_finds_descriptions_and_columns(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    shown = opened(sample_report).go("overview", **SCOPE)
    shown.page.locator("input[role=combobox]").focus()
    shown.settle()
    described = ask(
        sample_warehouse,
        "select name, regexp_extract(lower(description), '[a-z]{9,}') as word from v1.models"
        " where environment = 'prod' and word <> '' and not contains(name, word) order by name limit 3",
    )
    column = [("rpt_loyalty", "spent_eur rpt")]
    assert len(described) == 3
    for name, words in (*described, *column):
        shown.page.locator("input[role=combobox]").fill(f"{words} {name}")
        hit = shown.page.locator("#hits a").first
        assert hit.locator(".name").inner_text().startswith(name)
        assert words.split()[0] in hit.locator(".snippet").inner_text().lower()


def test_a_printed_table_has_its_heads_and_no_controls(opened: Callable[..., Opened], sample_report: Path) -> None:
    shown = opened(sample_report).go("tests", **SCOPE)
    shown.page.emulate_media(media="print")
    assert shown.page.locator("th", has_text="Last failed").bounding_box()["height"] > 10
    for control in ("main input", "main .bar button", "header.top"):
        assert shown.page.locator(control).first.is_hidden()


def test_the_slider_of_lineage_shows_the_graph_as_it_stood(
    opened: Callable[..., Opened], sample_report: Path, sample_warehouse: Warehouse
) -> None:
    shown = opened(sample_report)
    for (time,) in ask(sample_warehouse, "select distinct valid_from from v1.definitions where environment = 'prod'"):
        types = "('source', 'seed', 'model', 'snapshot', 'metric', 'semantic_model', 'saved_query', 'function')"
        at = f"timestamp '{time}'"
        [(nodes,)] = ask(
            sample_warehouse,
            "select (select count(*) from v1.definitions where environment = 'prod' and is_enabled"
            f" and resource_type in {types}"
            f" and valid_from <= {at} and (valid_to is null or valid_to > {at}))"
            " + (select count(*) from v1.exposures where environment = 'prod')",
        )
        milliseconds = ask(sample_warehouse, f"select epoch_ms({at})")[0][0]
        shown.go("lineage", **SCOPE, at=str(milliseconds))
        assert shown.text(".tools h1").startswith(f"Lineage {nodes} nodes"), time
        label = shown.page.locator("canvas").get_attribute("aria-label")
        assert label.startswith(f"Graph of {nodes} nodes, as of "), time


def test_figures_name_the_view_that_they_come_from(opened: Callable[..., Opened], sample_report: Path) -> None:
    shown = opened(sample_report)
    names = {
        "overview": {"v1.logical_runs, v1.definitions", "v1.node_execution_times"},
        "tests": {"v1.tests, v1.node_executions"},
        "sources": {"v1.sources, v1.source_freshness"},
        "costs": {"v1.costs", "v1.costs, v1.node_criticality", "v1.materialization_waste"},
    }
    for page, views in names.items():
        shown.go(page, **SCOPE)
        assert views <= set(shown.page.locator("main .source summary code").all_inner_texts()), page
    shown.go("runs", **SCOPE)
    shown.page.locator("main tbody a").first.click()
    shown.page.wait_for_selector("[data-gantt]")
    assert "v1.run_timelines_of" in shown.page.locator("main .source summary code").all_inner_texts()
