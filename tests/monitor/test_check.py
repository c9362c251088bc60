"""`check`: the figures are those that Python counts in the samples, and the exit code says whether they will do."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commandline import run, run_process
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.durations import duration_of_text, text_of_duration

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 8, 12)
FAILED = {"error", "fail", "runtime error"}
PASSED = {"success", "pass", "warn"}
EXECUTING = {"build", "run", "test", "retry"}


@pytest.fixture
def wh(sample_warehouse: Warehouse) -> Path:
    return sample_warehouse.path


def runs_of(environment: str, job: str = "*") -> list[dict]:
    """Every run_results of the samples whose command executes nodes, and every sources.json."""
    folders = SAMPLES.glob(f"environment={environment}/job={job}/*")
    files = [
        file for folder in folders for file in folder.iterdir() if file.name in ("run_results.json", "sources.json")
    ]
    found = {(file.name, content): json.loads(content) for file in files for content in [file.read_bytes()]}
    return [data for (name, _), data in found.items() if name == "sources.json" or data["args"]["which"] in EXECUTING]


def in_window(data: dict, days: int) -> bool:
    return NOON - timedelta(days=days) < datetime.fromisoformat(data["metadata"]["generated_at"][:19]) <= NOON


@pytest.mark.parametrize("environment, job, days", [("prod", "*", 7), ("prod", "nightly", 3), ("dev", "*", 30)])
def test_rates_are_what_python_counts(sample_warehouse: Warehouse, environment: str, job: str, days: int) -> None:
    runs = [data for data in runs_of(environment, job) if in_window(data, days)]
    failed = [data for data in runs if any(r["status"] in FAILED for r in data["results"])]
    tests = [
        result["status"]
        for data in runs
        for result in data["results"]
        if result["unique_id"].startswith(("test.", "unit_test.")) and result["status"] in FAILED | PASSED
    ]
    report = sample_warehouse.check(
        max_failure_rate=0.0,
        max_test_failure_rate=1.0,
        window=timedelta(days=days),
        now=NOON,
        environment=environment,
        job=None if job == "*" else job,
    )
    of_runs, of_tests = report.findings
    assert of_runs.value == len(failed) / len(runs)
    assert of_tests.value == sum(status in FAILED for status in tests) / len(tests)
    assert of_runs.is_passed == (not failed)
    assert of_tests.is_passed
    assert f"{len(failed)} of {len(runs)} runs" in of_runs.sentence


def test_the_limit_itself_is_allowed(sample_warehouse: Warehouse) -> None:
    def passes(rate: float) -> bool:
        return sample_warehouse.check(max_failure_rate=rate, now=NOON, environment="prod").is_passed

    [finding] = sample_warehouse.check(max_failure_rate=1, now=NOON, environment="prod").findings
    assert finding.value
    assert passes(finding.value)
    assert not passes(finding.value - 1e-9)


def test_the_age_is_that_of_the_last_run_without_a_failure(sample_warehouse: Warehouse) -> None:
    report = sample_warehouse.check(max_age=timedelta(days=2), now=NOON)
    ages = {finding.environment: finding.value for finding in report.findings}
    for environment, age in ages.items():
        good = [r for r in runs_of(environment) if not any(n["status"] in FAILED for n in r["results"])]
        last = max(datetime.fromisoformat(r["metadata"]["generated_at"].rstrip("Z")) for r in good)
        assert age == pytest.approx((NOON - last).total_seconds(), abs=1)
    assert [finding.is_passed for finding in report.findings] == [False, True]
    [never] = sample_warehouse.check(max_age=timedelta(days=9), now=datetime(2020, 1, 1), environment="prod").reasons
    assert "no run succeeded" in never


def test_failing_nodes_and_stale_sources_are_named(tmp_path: Path) -> None:
    night = SAMPLES / "environment=prod"
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load([night / "job=nightly/2026-11-06_01_build", night / "job=freshness/2026-11-04_02_freshness"])
        report = wh.check(max_failing=1, freshness="error")
        failing, stale = report.findings
        assert failing.names == (
            "model.harbor_cafe.stg_ferry_arrivals",
            "test.harbor_cafe.relationships_fct_orders_cafe_id__cafe_id__ref_cafes_.497a748465",
        )
        assert stale.names == ("source.harbor_cafe.loyalty.guests",)
        assert not (failing.is_passed or stale.is_passed)
        assert wh.check(max_failing=2).is_passed
        with pytest.raises(errors.UnknownLabel):
            wh.check(max_failing=0, job="another")


def test_sources_are_checked_in_an_environment_that_never_ran_anything(tmp_path: Path) -> None:
    night = SAMPLES / "environment=prod"
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(night / "job=nightly/2026-11-06_01_build", environment="dev")
        wh.load(night / "job=freshness/2026-11-04_02_freshness/sources.json", environment="prod", project="harbor_cafe")
        findings = {finding.environment: finding for finding in wh.check(freshness="error").findings}
        assert findings["prod"].names == ("source.harbor_cafe.loyalty.guests",)
        assert not findings["prod"].is_passed
        assert wh.check(freshness="error", environment="prod").findings == (findings["prod"],)


def test_what_fails_is_known_after_its_runs_are_pruned(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES / "environment=prod/job=nightly/2026-11-06_01_build")
    with Warehouse(path) as wh:
        asked = [{"environment": "prod"}, {"environment": "prod", "job": "nightly"}]
        before = [wh.check(max_failing=0, **scope).findings[0].names for scope in asked]
        wh.prune(datetime(2026, 12, 1), keep_daily_rates=True, dry_run=False)
        assert [wh.check(max_failing=0, **scope).findings[0].names for scope in asked] == before
        assert all(before)


@pytest.mark.release
@pytest.mark.parametrize("encoding", ["ascii", *release_only("latin-1")])
def test_a_terminal_without_the_letters_gets_what_it_has(wh: Path, encoding: str) -> None:
    calls = [["check", wh, "--max-failing", "0", "--format", form] for form in ("text", "json")]
    calls += [["diagnose", wh, "--format", form] for form in ("text", "json")]
    calls += [["lineage", wh, "model.harbor_cafe.fct_orders", "--format", "tree"]]
    for call in calls:
        done = run_process(*call, text=False, env={**os.environ, "PYTHONIOENCODING": encoding})
        assert done.returncode in (0, 1) and b"Traceback" not in done.stderr
        if "json" in call:
            assert json.loads(done.stdout)
        else:
            assert b"harbor_cafe" in done.stdout


def test_rules_count_from_their_severity_up_and_can_be_ignored(sample_warehouse: Warehouse) -> None:
    def broken(severity: str, *ignored: str) -> float | None:
        report = sample_warehouse.check(rules=severity, ignored_rules=ignored, environment="prod")
        return report.findings[0].value

    def counted(condition: str) -> int:
        query = f"SELECT count(*) FROM v1.project_rules WHERE environment = 'prod' AND {condition}"
        [(count,)] = sample_warehouse.sql(query).fetchall()
        return count

    assert broken("error") == counted("severity = 'error'")
    assert broken("warn") == counted("severity IN ('warn', 'error')")
    assert broken("info") == counted("true")
    assert broken("info", "undocumented_columns") == counted("rule <> 'undocumented_columns'")
    assert len({broken("error"), broken("warn"), broken("info")}) == 3


def test_a_failed_check_exits_with_1_and_says_why(wh: Path) -> None:
    asked = ("check", wh, "--environment", "prod", "--max-failure-rate", "10%", "--max-age", "26h", "--now")
    result = run(*asked, "2026-11-08T12:00")
    assert result.exit_code == 1
    first, second = result.output.splitlines()
    assert first.startswith("FAILED  harbor_cafe, prod: 6 of 16 runs failed in the last 7 days (37.5%, at most 10.0%")
    assert second.startswith("ok      harbor_cafe, prod: the last successful run was")
    assert run("check", wh, "--environment", "prod", "--max-failing", "0").exit_code == 0


def test_json_is_one_object_whose_text_is_a_message(wh: Path) -> None:
    asked = ("check", wh, "--max-failing", "0", "--rules", "error", "--format", "json")
    result = run(*asked)
    said = json.loads(result.output)
    assert result.exit_code == 1
    assert said["is_passed"] is False
    assert [finding["check"] for finding in said["findings"]] == ["max_failing"] * 2 + ["rules"] * 2
    assert said["reasons"] == [f["sentence"] for f in said["findings"] if not f["is_passed"]]
    assert said["text"].splitlines() == ["dbt: 1 of 4 checks failed", f"• {said['reasons'][0]}"]
    assert "model.harbor_cafe.fct_ferry_demand" in said["text"]


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ((), "nothing to check"),
        (("--max-failing", "0", "--environment", "nowhere"), "there is no environment 'nowhere'; there is dev, prod"),
        (("--max-failure-rate", "110%"), "is not a rate"),
        (("--max-failure-rate", "nan"), "is not a rate"),
        (("--max-age", "soon"), "is not a duration"),
    ],
)
def test_a_check_of_nothing_is_a_wrong_call(wh: Path, arguments: tuple[str, ...], complaint: str) -> None:
    result = run("check", wh, *arguments)
    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.parametrize(
    "text, seconds, said",
    [
        ("26h", 93_600, "1 day 2 hours"),
        ("90m", 5_400, "1 hour 30 minutes"),
        ("1d12h", 129_600, "1 day 12 hours"),
        ("2W", 1_209_600, "14 days"),
        ("0.5s", 0.5, "0 seconds"),
        ("1.5 h", 5_400, "1 hour 30 minutes"),
    ],
)
def test_durations_are_written_as_people_write_them(text: str, seconds: float, said: str) -> None:
    assert duration_of_text(text).total_seconds() == seconds
    assert text_of_duration(duration_of_text(text)) == said


@pytest.mark.parametrize("text", ["", "h", "5", "-5h", "5h and more", "1e9w", "99999999999w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        duration_of_text(text)


def test_words_that_mean_nothing_are_refused(sample_warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="freshness"):
        sample_warehouse.check(freshness="old")
    with pytest.raises(ValueError, match="rules"):
        sample_warehouse.check(rules="fatal")
