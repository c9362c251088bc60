"""The daily questions: the answers are counted in another way, from the JSON of the samples."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commandline import run as run_command
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.durations import moment_of
from artifact_warehouse.everyday import QUESTIONS

pytestmark = pytest.mark.slow

NIGHTLY = SAMPLES / "environment=prod" / "job=nightly"
FAILED = {"error", "fail", "runtime error"}
EXECUTED = {"success", "pass", "warn"}
PROD = {"environment": "prod"}
NOW = datetime(2026, 11, 9)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def files(name: str, environment: str = "*") -> Iterator[tuple[Path, dict[str, Any]]]:
    """The artifacts of a kind, the first one first."""
    found = [(path, read(path)) for path in SAMPLES.glob(f"environment={environment}/**/{name}.json")]
    return iter(sorted(found, key=lambda item: item[1]["metadata"]["generated_at"]))


def executing(environment: str = "*") -> Iterator[dict[str, Any]]:
    for _, data in files("run_results", environment):
        if data["args"]["which"] in ("run", "test", "build", "seed", "snapshot"):
            yield data


def rows(relation: Any) -> list[dict[str, Any]]:
    return relation.to_arrow_table().to_pylist()


# Runs


def test_runs_are_those_of_the_files_the_last_first(sample_warehouse: Warehouse) -> None:
    found = rows(sample_warehouse.runs())
    expected = {
        data["metadata"]["invocation_id"]: sum(r["status"] in FAILED for r in data["results"]) for data in executing()
    }
    checks = {data["metadata"]["invocation_id"] for _, data in files("sources")}
    assert {row["invocation_id"] for row in found} == {*expected, *checks}
    assert {r["invocation_id"]: r["failure_count"] for r in found if r["command"] != "source freshness"} == expected
    assert [row["started_at"] for row in found] == sorted((row["started_at"] for row in found), reverse=True)


def test_runs_are_filtered(sample_warehouse: Warehouse) -> None:
    everything = rows(sample_warehouse.runs())
    failed = rows(sample_warehouse.runs(failed=True))
    assert [row for row in everything if row["outcome"] == "failed"] == failed
    assert rows(sample_warehouse.runs(since="2026-11-06")) == [
        row for row in everything if row["started_at"] >= datetime(2026, 11, 6)
    ]
    assert rows(sample_warehouse.runs(limit=2)) == everything[:2]
    assert {row["environment"] for row in rows(sample_warehouse.runs(environment="dev"))} == {"dev"}
    assert {row["job_name"] for row in rows(sample_warehouse.runs(job="checks"))} == {"checks"}


def test_a_run_has_all_its_results_and_its_failures_first(sample_warehouse: Warehouse) -> None:
    night = read(NIGHTLY / "2026-11-03_01_build" / "run_results.json")
    found = rows(sample_warehouse.run(night["metadata"]["invocation_id"][:8]))
    assert {row["unique_id"]: row["status"] for row in found} == {
        result["unique_id"]: result["status"] for result in night["results"]
    }
    failed = [row["status"] in FAILED for row in found]
    assert any(failed) and failed == sorted(failed, reverse=True)


def test_a_run_of_freshness_checks_has_the_sources(sample_warehouse: Warehouse) -> None:
    _, checks = next(files("sources"))
    found = rows(sample_warehouse.run(checks["metadata"]["invocation_id"]))
    assert {row["unique_id"]: row["status"] for row in found} == {
        result["unique_id"]: result["status"] for result in checks["results"]
    }


# Failures


def test_failures_are_the_nodes_whose_last_result_failed(sample_warehouse: Warehouse) -> None:
    last: dict[tuple[str, str], str] = {}
    for environment in ("prod", "dev"):
        for data in executing(environment):
            for result in data["results"]:
                if result["status"] in EXECUTED | FAILED:
                    last[environment, result["unique_id"]] = result["status"]
        for _, data in files("sources", environment):
            last.update({(environment, result["unique_id"]): result["status"] for result in data["results"]})
    found = rows(sample_warehouse.failures())
    assert {(row["environment"], row["unique_id"]) for row in found} == {
        node for node, status in last.items() if status in FAILED
    }
    assert all(row["message"] and row["state"] == "failing" for row in found)


def test_failures_that_are_over_are_found_since_a_time(sample_warehouse: Warehouse) -> None:
    ever = {
        result["unique_id"] for data in executing("prod") for result in data["results"] if result["status"] in FAILED
    }
    assert {row["unique_id"] for row in rows(sample_warehouse.failures(**PROD, since="2026-11-01"))} == ever
    assert rows(sample_warehouse.failures(**PROD, since="2026-11-09")) == rows(sample_warehouse.failures(**PROD))


# Times


def test_slow_sums_the_times_of_all_executions(sample_warehouse: Warehouse) -> None:
    total: Counter[str] = Counter()
    for data in executing("prod"):
        total.update({r["unique_id"]: r["execution_time"] for r in data["results"] if r["status"] in EXECUTED})
    found = rows(sample_warehouse.slow(**PROD))
    assert {row["unique_id"]: row["total_seconds"] for row in found} == pytest.approx(dict(total))
    assert sum(row["share_rate"] for row in found) == pytest.approx(1)
    assert [row["total_seconds"] for row in found] == sorted((row["total_seconds"] for row in found), reverse=True)


def test_slow_says_what_is_slower_now(sample_warehouse: Warehouse) -> None:
    slower = "SELECT environment, unique_id FROM v1.execution_time_regressions WHERE ended_at IS NULL"
    found = {(row["environment"], row["unique_id"]) for row in rows(sample_warehouse.slow()) if row["slower_ratio"]}
    assert found == {*sample_warehouse.sql(slower).fetchall()}


# Changes


def test_changes_are_the_differences_of_the_manifests(sample_warehouse: Warehouse) -> None:
    """Of the models and seeds in prod, between the last manifest before a time and the last one of all."""
    since = datetime(2026, 11, 5)
    states: list[tuple[str, dict[str, str]]] = []
    for _, data in files("manifest", "prod"):
        nodes = {
            unique_id: node["checksum"]["checksum"]
            for unique_id, node in data["nodes"].items()
            if node["resource_type"] in ("model", "seed")
        }
        states.append((data["metadata"]["generated_at"], nodes))
    disabled = {*next(iter(reversed([*files("manifest", "prod")])))[1]["disabled"]}
    before = [nodes for at, nodes in states if at < since.isoformat()][-1]
    after = [nodes for _, nodes in states if set(nodes) >= {"model.harbor_cafe.rpt_ferry_week"}][-1]
    found = [
        row for row in rows(sample_warehouse.changes(**PROD, since=since)) if row["unique_id"] in {*before, *after}
    ]
    kinds = defaultdict(set)
    for row in found:
        kinds[row["change"]].add(row["unique_id"])
    assert kinds["added"] == {*after} - {*before}
    assert kinds["removed"] == {*before} - {*after} - disabled
    assert kinds["changed"] >= {node for node in before if node in after and before[node] != after[node]}
    assert all(row["changed_at"] >= since for row in found)


def test_a_change_names_the_exposures_that_depend_on_it(sample_warehouse: Warehouse) -> None:
    for row in rows(sample_warehouse.changes(**PROD, since="2026-11-05")):
        below = rows(sample_warehouse.descendants(row["unique_id"])) if row["change"] != "removed" else []
        exposed = {node["unique_id"] for node in below if node["resource_type"] == "exposure"}
        assert set(row["exposure_unique_ids"]) == exposed


# One node, two runs


def test_show_has_the_neighbours_of_the_manifest(sample_warehouse: Warehouse) -> None:
    *_, (_, manifest) = files("manifest", "prod")
    node = "model.harbor_cafe.fct_orders"
    [found] = rows(sample_warehouse.show("fct_orders", **PROD))
    tests = {manifest["nodes"][c]["name"] for c in manifest["child_map"][node] if c.startswith("test.")}
    assert set(found["reads"]) == set(manifest["nodes"][node]["depends_on"]["nodes"])
    assert set(found["read_by"]) == {c for c in manifest["child_map"][node] if not c.startswith("test.")}
    assert {test.split(": ")[0] for test in found["tests"]} == tests
    assert found["description"] == manifest["nodes"][node]["description"]
    assert rows(sample_warehouse.show(node, **PROD)) == [found]


def test_a_version_is_named_by_the_end_of_its_id(sample_warehouse: Warehouse) -> None:
    found = rows(sample_warehouse.show("dim_guests.v2", **PROD))
    assert [row["unique_id"] for row in found] == ["model.harbor_cafe.dim_guests.v2"]
    with pytest.raises(errors.UnknownNode) as raised:
        sample_warehouse.show("dim_guests")
    assert raised.value.candidates == ("model.harbor_cafe.dim_guests.v1", "model.harbor_cafe.dim_guests.v2")


def test_compare_has_the_statuses_of_both_runs(sample_warehouse: Warehouse) -> None:
    before, after = (
        read(NIGHTLY / night / "run_results.json") for night in ("2026-11-05_01_build", "2026-11-06_01_build")
    )
    found = rows(sample_warehouse.compare(*(data["metadata"]["invocation_id"] for data in (before, after))))
    statuses = [{r["unique_id"]: r["status"] for r in data["results"]} for data in (before, after)]
    assert {row["unique_id"] for row in found} == {*statuses[0], *statuses[1]}
    for row in found:
        was, now = (one.get(row["unique_id"]) for one in statuses)
        assert (row["before_status"], row["after_status"]) == (was, now)
        assert (row["difference"] == "fails now") == (now in FAILED and was not in FAILED)
        assert (row["difference"] == "mended") == (was in FAILED and now is not None and now not in FAILED)


def test_a_run_is_compared_with_the_one_before_it(sample_warehouse: Warehouse) -> None:
    nights = [read(path / "run_results.json")["metadata"]["invocation_id"] for path in sorted(NIGHTLY.glob("*_build"))]
    for before, after in pairwise(nights):
        [(found_before, found_after), *_] = {
            (row["before_invocation_id"], row["after_invocation_id"]) for row in rows(sample_warehouse.compare(after))
        }
        assert (found_before, found_after) == (before, after)


# What all questions have in common


ARGUMENTS = {"show": ("fct_orders",)}


@pytest.mark.parametrize(
    "question",
    [*QUESTIONS[:3], *release_only(*((question,) for question in QUESTIONS[3:]))],
    ids=lambda question: question.__name__,
)
def test_a_command_prints_what_the_method_returns(question: Any, sample_warehouse: Warehouse) -> None:
    name, arguments = question.__name__, ARGUMENTS.get(question.__name__, ())
    now = {"now": NOW} if "now" in question.parameters else {}
    options = ["--now", "2026-11-09"] if now else []
    done = run_command(name, sample_warehouse.path, *arguments, *options, "--format", "json")
    expected = rows(getattr(sample_warehouse, name)(*arguments, **now))
    assert done.exit_code == 0
    assert [[*row] for row in json.loads(done.stdout)] == [[*row] for row in expected]
    assert [row.get("unique_id") for row in json.loads(done.stdout)] == [row.get("unique_id") for row in expected]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_a_label_that_nothing_has_is_told_with_those_that_exist(question: Any, sample_warehouse: Warehouse) -> None:
    arguments = ARGUMENTS.get(question.__name__, ())
    labels = {name for name in ("project", "environment", "job") if name in question.parameters}
    known = {"project": ("harbor_cafe",), "environment": ("dev", "prod")}
    for label in labels:
        with pytest.raises(errors.UnknownLabel) as raised:
            getattr(sample_warehouse, question.__name__)(*arguments, **{label: "nowhere"})
        assert raised.value.label == label
        assert raised.value.known == known.get(label, raised.value.known)
        assert "nowhere" not in raised.value.known and raised.value.known


def test_an_answer_without_rows_says_what_it_means(sample_warehouse: Warehouse) -> None:
    done = run_command("runs", sample_warehouse.path, "--since", "1d")
    assert (done.exit_code, done.stderr) == (0, "no run has these labels\n")
    assert done.stdout.startswith("started_at")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", datetime(2026, 11, 9)),
        ("Yesterday", datetime(2026, 11, 8)),
        ("36h", datetime(2026, 11, 8, 3)),
        ("1w 1d", datetime(2026, 11, 1, 15)),
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026-11-01T06:30", datetime(2026, 11, 1, 6, 30)),
        (timedelta(days=1), datetime(2026, 11, 8, 15)),
        (datetime(2026, 1, 1), datetime(2026, 1, 1)),
    ],
)
def test_a_time_is_written_in_many_ways(text: Any, expected: datetime) -> None:
    assert moment_of(text, datetime(2026, 11, 9, 15)) == expected


@pytest.mark.parametrize("text", ["", "soon", "7", "2026-13-01", "99999999w"])
def test_what_is_no_time_is_refused(text: str, sample_warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        sample_warehouse.runs(since=text)
    done = run_command("runs", sample_warehouse.path, "--since", text)
    assert done.exit_code == 2 and "is not a time" in done.stderr


def test_offsets_count(sample_warehouse: Warehouse) -> None:
    first = rows(sample_warehouse.runs())[-1]["started_at"]
    for offset, is_found in (("+00:00", True), ("-01:00", False)):
        since = f"{first:%Y-%m-%dT%H:%M:%S}{offset}"
        assert (first in {row["started_at"] for row in rows(sample_warehouse.runs(since=since))}) == is_found


def test_show_of_a_source_has_its_last_check(sample_warehouse: Warehouse) -> None:
    *_, (_, last) = files("sources", "prod")
    for result in last["results"]:
        [found] = rows(sample_warehouse.show(result["unique_id"], **PROD))
        assert found["freshness_status"] == result["status"]
        assert found["last_loaded_at"] == datetime.fromisoformat(result["max_loaded_at"].rstrip("Z").split("+")[0])
