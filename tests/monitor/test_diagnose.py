"""`diagnose`: a page about one run; what it says of the samples is what happened on that night."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commandline import run
from skip_oracle import nearest_failures
from testdata import SAMPLES, Loaded, of_samples_daily, release_only

from artifact_warehouse import Warehouse, errors

pytestmark = pytest.mark.slow

NIGHT = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-06_01_build"
ID = json.loads((NIGHT / "run_results.json").read_bytes())["metadata"]["invocation_id"]
BROKEN_TEST = "test.harbor_cafe.relationships_fct_orders_cafe_id__cafe_id__ref_cafes_.497a748465"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def test_failures_come_with_what_they_took_with_them(sample_warehouse: Warehouse) -> None:
    found = sample_warehouse.diagnose(ID)
    results = json.loads((NIGHT / "run_results.json").read_bytes())["results"]
    assert {row["unique_id"] for row in found.failures} == {
        r["unique_id"] for r in results if r["status"] in ("error", "fail")
    }
    stopped: dict[str | None, set[str]] = {}
    for node, failures in nearest_failures(NIGHT).items():
        for failure, _ in failures:
            stopped.setdefault(failure, set()).add(node)
    for row in found.failures:
        assert set(row["skipped_unique_ids"]) == stopped.get(row["unique_id"], set())
        assert row["skipped_count"] == len(row["skipped_unique_ids"])
    assert {row["unique_id"] for row in found.skipped_without_cause} == stopped.get(None, set())
    assert {row["unique_id"] for row in found.warnings} == {r["unique_id"] for r in results if r["status"] == "warn"}


def test_a_failure_says_since_when(sample_warehouse: Warehouse) -> None:
    since = {row["unique_id"]: row["failing_since"] for row in sample_warehouse.diagnose(ID).failures}
    assert str(since[BROKEN_TEST]).startswith("2026-11-05 03:10")
    assert str(since["model.harbor_cafe.stg_ferry_arrivals"]).startswith("2026-11-06 03:10")


def test_what_failed_is_not_called_slow(loaded: Loaded) -> None:
    """A result that was interrupted may have taken longer than ever."""
    runs = loaded.warehouse.sql(
        "SELECT invocation_id FROM v1.invocations WHERE is_executing AND failure_count > 0 AND invocation_id IN "
        "(SELECT invocation_id FROM v1.node_executions WHERE status_class = 'failure' AND execution_seconds > 1 "
        "AND (environment, unique_id) IN (SELECT (environment, unique_id) FROM v1.execution_time_regressions)) LIMIT 20"
    ).fetchall()
    for (run_id,) in runs:
        found = loaded.warehouse.diagnose(run_id)
        assert not {row["unique_id"] for row in found.slow} & {row["unique_id"] for row in found.failures}


def test_the_path_is_that_of_the_run_and_ends_with_it(sample_warehouse: Warehouse) -> None:
    path = sample_warehouse.diagnose(ID).critical_path
    assert [row["step"] for row in path] == list(range(1, len(path) + 1))
    assert path[-1]["started_after_seconds"] == max(row["started_after_seconds"] for row in path)
    assert all(row["drag_seconds"] >= 0 for row in path)


def test_the_last_run_is_taken_where_none_is_named(sample_warehouse: Warehouse) -> None:
    last = "SELECT arg_max(invocation_id, generated_at) FROM v1.invocations WHERE is_executing AND {}"
    for labels, condition in (({}, "true"), ({"environment": "dev"}, "environment = 'dev'")):
        [(expected,)] = sample_warehouse.sql(last.format(condition)).fetchall()
        assert sample_warehouse.diagnose(**labels).run["invocation_id"] == expected


def test_a_run_is_found_by_the_beginning_of_its_id(sample_warehouse: Warehouse) -> None:
    assert sample_warehouse.diagnose(ID[:8]) == sample_warehouse.diagnose(ID)
    for name in ("", "no such run"):
        with pytest.raises(errors.UnknownRun):
            sample_warehouse.diagnose(name)
    with pytest.raises(errors.UnknownRun):
        sample_warehouse.diagnose(ID, environment="dev")


@of_samples_daily
@pytest.mark.parametrize("count", [2, *release_only(12)])
def test_any_run_can_be_diagnosed(loaded: Loaded, count: int) -> None:
    ids = loaded.warehouse.sql(
        "SELECT invocation_id FROM v1.invocations WHERE is_executing GROUP BY invocation_id "
        "ORDER BY md5(invocation_id) LIMIT ?",
        [count],
    ).fetchall()
    for (invocation_id,) in ids:
        found = loaded.warehouse.diagnose(invocation_id)
        assert found.run["failure_count"] == len(found.failures)
        assert found.run["warn_count"] == len(found.warnings)


def test_elsewhere_than_on_a_terminal_it_is_json(sample_warehouse: Warehouse) -> None:
    result = run("diagnose", sample_warehouse.path, ID)
    assert result.exit_code == 0
    said = json.loads(result.output)
    assert said["run"]["invocation_id"] == ID
    assert list(said) == [
        *("run", "failures", "skipped_without_cause", "warnings", "slow", "critical_path", "flaky_tests")
    ]


def test_the_page_has_its_sections_and_leaves_out_what_is_empty(sample_warehouse: Warehouse) -> None:
    page = run("diagnose", sample_warehouse.path, ID, "--format", "text").output
    lines = page.splitlines()
    assert lines[0] == "build of harbor_cafe, prod, nightly failed"
    assert "What failed, and what was skipped for it" in lines
    assert f"✗ {BROKEN_TEST}" in lines
    assert "What decided how long it took" in lines
    quiet = run("diagnose", sample_warehouse.path, "--format", "text").output.splitlines()
    assert quiet[0] == "build of harbor_cafe, prod, adhoc succeeded"
    assert "What failed, and what was skipped for it" not in quiet


def test_an_unknown_run_is_a_wrong_call(sample_warehouse: Warehouse) -> None:
    result = run("diagnose", sample_warehouse.path, "nonsense")
    assert result.exit_code == 2
    assert "there is no run 'nonsense'" in result.output


def test_text_from_artifacts_does_not_steer_the_terminal(tmp_path: Path) -> None:
    data = json.loads((NIGHT / "run_results.json").read_bytes())
    for result in data["results"]:
        if result["status"] in ("error", "fail"):
            result["message"] = "\x1b[2J\x1b]0;title\x07 [bold]no markup[/bold] \r\x9b31m"
    (tmp_path / "run_results.json").write_text(json.dumps(data))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "run_results.json")
    page = run("diagnose", tmp_path / "wh.duckdb", "--format", "text").output
    assert "[bold]no markup[/bold]" in page
    assert not CONTROL.search(page)
