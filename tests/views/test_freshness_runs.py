"""`dbt source freshness` writes no run_results: its checks are its results (rule 3, docs/rules.md)."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pytest
from commandline import run
from testdata import release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

AT = datetime(2026, 10, 1, 6)
SOURCE = "source.shop.raw.orders"
FRESH = "source freshness"
COLUMNS = "invocation_id, command, is_success, result_count, executed_count, success_count, warn_count, failure_count"


def check(status: str, unique_id: str = SOURCE, **more: Any) -> dict[str, Any]:
    times = {"max_loaded_at": "2026-09-30T06:00:00Z", "snapshotted_at": "2026-10-01T06:00:00Z"}
    steps = [
        {"name": "compile", "started_at": "2026-10-01T05:59:59.5Z", "completed_at": "2026-10-01T05:59:59.6Z"},
        {"name": "execute", "started_at": "2026-10-01T05:59:59.6Z", "completed_at": "2026-10-01T06:00:02.5Z"},
    ]
    return {"unique_id": unique_id, "status": status, **times, "timing": steps, "execution_time": 3.0, **more}


def result(unique_id: str, status: str, seconds: float = 1.0) -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, "execution_time": seconds, "timing": [], "message": "no"}


def write(
    folder: Path, kind: str, results: list[dict[str, Any]], invocation_id: str = "i1", dbt: str = "2.0.0", **more: Any
) -> Path:
    fields = {"invocation_id": invocation_id, "dbt_version": dbt, "generated_at": "2026-10-01T06:00:10Z"}
    url = "https://schemas.getdbt.com/dbt/freshness/v0.json"
    said = {"dbt_schema_version": url, **fields} if kind == "freshness" else builders.metadata(kind, **fields)
    said |= more.pop("metadata", {})
    elapsed = {} if kind == "freshness" else {"elapsed_time": 3.5}
    return builders.write(folder, kind, {"metadata": said, "results": results, **elapsed, **more})


def aborted(folder: Path, invocation_id: str = "i1") -> Path:
    results = [result(f"test.shop.t{number}", "error", 0.0) for number in range(3)]
    return write(folder, "run_results", results, invocation_id, args={"which": "freshness"})


def invocations(wh: Warehouse) -> list[tuple]:
    return wh.sql(f"SELECT {COLUMNS} FROM v1.invocations ORDER BY ALL").fetchall()


@pytest.mark.parametrize(
    "statuses, is_success, counts",
    [
        (["pass", "Warn"], True, (2, 2, 1, 1, 0)),
        (["Pass", "warn", "error"], False, (3, 3, 1, 1, 1)),
        (["pass", "runtime error"], False, (2, 2, 1, 0, 1)),
        (["Skipped"], None, (1, 0, 0, 0, 0)),
        ([], None, (0, 0, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("kind", ["sources", "freshness"])
def test_checks_are_the_results_of_source_freshness(
    tmp_path: Path, warehouse: Warehouse, kind: str, statuses: list[str], is_success: bool | None, counts: tuple
) -> None:
    warehouse.load(write(tmp_path, kind, [check(status, f"{SOURCE}{n}") for n, status in enumerate(statuses)]))
    assert invocations(warehouse) == [("i1", "source freshness", is_success, *counts)]
    rates = warehouse.sql("SELECT command, run_count, success_count, success_rate FROM v1.run_success_rates").fetchall()
    assert rates == ([] if is_success is None else [("source freshness", 1, int(is_success), float(is_success))])
    logical = warehouse.sql("SELECT command, is_success, executed_count, failure_count FROM v1.logical_runs").fetchall()
    assert logical == [("source freshness", is_success, counts[1], counts[4])]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_times_and_labels_are_those_of_the_file(tmp_path: Path, warehouse: Warehouse, version: int) -> None:
    env = {"GIT_SHA": "abc", "DBT_CLOUD_RUN_ID": "70"}
    url = f"https://schemas.getdbt.com/dbt/sources/v{version}.json"
    file = write(tmp_path, "sources", [check("pass")], metadata={"env": env, "dbt_schema_version": url}, dbt="1.7.3")
    warehouse.load(file, environment="prod", job="hourly")
    found = warehouse.sql("FROM v1.invocations").to_arrow_table().to_pylist()[0]
    expected = {
        "project_name": "shop",
        "environment": "prod",
        "job_name": "hourly",
        "dbt_version": "1.7.3",
        "generated_at": AT + timedelta(seconds=10),
        "started_at": AT - timedelta(seconds=0.5),
        "completed_at": AT + timedelta(seconds=10),
        "elapsed_seconds": 3.5,
        "span_seconds": 3.0,
        "is_executing": True,
        "is_aborted": False,
        "is_retry": False,
        "git_sha": "abc",
        "dbt_cloud_run_id": "70",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+00:00Z", "+02:00", "-05:30Z"])
def test_times_in_any_zone_are_utc(tmp_path: Path, warehouse: Warehouse, zone: str) -> None:
    offset = timedelta() if zone == "Z" else datetime.strptime(zone[:6], "%z").utcoffset() or timedelta()
    steps = [
        {"name": "execute", "started_at": f"2026-10-01T06:00:00{zone}", "completed_at": f"2026-10-01T06:00:02{zone}"}
    ]
    started = {"invocation_started_at": f"2026-10-01T05:59:00{zone}"}
    warehouse.load(write(tmp_path, "sources", [check("pass", timing=steps)], metadata=started))
    [found] = warehouse.sql("SELECT started_at, span_seconds FROM v1.invocations").fetchall()
    assert found == (AT - timedelta(minutes=1) - offset, 2.0)


def test_sources_of_dbt_0_18_are_a_run(tmp_path: Path, warehouse: Warehouse) -> None:
    state = {"max_loaded_at": "2020-01-01T00:00:00Z", "snapshotted_at": "2020-01-01T01:00:00Z", "state": "error"}
    content = {"meta": {"generated_at": "2020-01-01T01:00:00Z", "elapsed_time": 1.0}, "sources": {SOURCE: state}}
    warehouse.load(builders.write(tmp_path, "sources", content))
    assert [row[1:] for row in invocations(warehouse)] == [("source freshness", False, 1, 1, 0, 0, 1)]


ORDERS = [*itertools.permutations(("sources", "freshness", "run_results"))]


@pytest.mark.parametrize("order", [ORDERS[3], *release_only(*((order,) for order in ORDERS if order != ORDERS[3]))])
def test_one_invocation_that_several_files_tell_of_is_one(
    tmp_path: Path, warehouse: Warehouse, order: tuple[str, ...]
) -> None:
    """The aborted one failed, whatever the checks say; loaded in any order, one file after the other."""
    model = "model.shop.orders"
    files = {
        "sources": write(tmp_path, "sources", [check("Pass")]),
        "freshness": write(tmp_path, "freshness", [check("Pass"), check("Warn", model)]),
        "run_results": aborted(tmp_path),
    }
    known = set()
    for kind in order:
        warehouse.load(files[kind])
        known.add(kind)
        counts = {"freshness": (2, 2, 1, 1, 0), "sources": (1, 1, 1, 0, 0), "run_results": (3, 0, 0, 0, 0)}
        by_kind = next(counts[name] for name in counts if name in known)
        expected = [("i1", "source freshness", "run_results" not in known, *by_kind)]
        assert invocations(warehouse) == expected
        assert warehouse.sql("SELECT run_count FROM v1.run_success_rates").fetchall() == [(1,)]
        assert warehouse.sql("SELECT count(*) FROM v1.logical_runs").fetchall() == [(1,)]
    assert warehouse.verify() == []


def test_an_aborted_run_is_one_of_many(tmp_path: Path, warehouse: Warehouse) -> None:
    """dbt 2 writes a run_results for it alone: one of twelve, and not one of one."""
    for number in range(11):
        write(tmp_path / str(number), "sources", [check("Pass")], f"good{number}")
    aborted(tmp_path / "aborted", "bad")
    warehouse.load(tmp_path)
    rates = warehouse.sql("SELECT command, run_count, failure_count FROM v1.run_success_rates").fetchall()
    assert rates == [("source freshness", 12, 1)]


@pytest.mark.parametrize("dbt, commands", [("2.0.0", ["build"]), ("1.10.15", ["build"]), ("1.4.9", ["build", FRESH])])
def test_checks_within_another_command_belong_to_it(
    tmp_path: Path, warehouse: Warehouse, dbt: str, commands: list[str]
) -> None:
    """Up to dbt 1.4 an id is a process's, and `source freshness` was another command of it."""
    warehouse.load(write(tmp_path, "sources", [check("error")], dbt=dbt))
    assert [row[1] for row in invocations(warehouse)] == [FRESH]
    node = result("model.shop.orders", "success")
    warehouse.load(write(tmp_path, "run_results", [node], dbt=dbt, args={"which": "build"}))
    found = {row[1]: row[2] for row in invocations(warehouse)}
    assert found == {"build": True, FRESH: False} if len(commands) > 1 else {"build": True}
    assert warehouse.sql("SELECT invocation_id, status FROM v1.source_freshness").fetchall() == [("i1", "error")]


def test_check_and_diagnose_know_of_them(tmp_path: Path, warehouse: Warehouse) -> None:
    failed = check("error", error="no such table")
    warehouse.load(write(tmp_path, "sources", [check("warn", f"{SOURCE}2"), failed]), job="hourly")
    assert not warehouse.check(max_failure_rate=0.5, now=AT + timedelta(hours=1), job="hourly").is_passed
    found = warehouse.diagnose("i1")
    assert [(row["unique_id"], row["message"]) for row in found.failures] == [(SOURCE, "no such table")]
    assert [row["unique_id"] for row in found.warnings] == [f"{SOURCE}2"]
    warehouse.close()
    page = run("diagnose", str(warehouse.path), "i1")
    assert page.exit_code == 0 and SOURCE in page.stdout and "no such table" in page.stdout


def test_a_step_of_a_job_is_a_step_of_its_logical_run(tmp_path: Path, warehouse: Warehouse) -> None:
    env = {"DBT_CLOUD_RUN_ID": "70"}
    write(tmp_path / "1", "sources", [check("pass"), check("error", "model.shop.orders")], metadata={"env": env})
    node = result("model.shop.orders", "success")
    write(tmp_path / "2", "run_results", [node], "i2", args={"which": "build"}, metadata={"env": env})
    warehouse.load(tmp_path)
    names = "invocation_ids, step_count, is_success, executed_count, failure_count, failed_invocation_count"
    found = warehouse.sql(f"SELECT {names} FROM v1.logical_runs").fetchall()
    assert found == [(["i1", "i2"], 2, False, 3, 1, 1)]
    nodes = warehouse.sql("SELECT unique_id, last_invocation_id FROM v1.logical_run_nodes").fetchall()
    assert nodes == [("model.shop.orders", "i2")]


@pytest.mark.release
def test_a_prune_keeps_their_rates_and_the_last_check_of_each_source(tmp_path: Path, warehouse: Warehouse) -> None:
    for day, status in enumerate(("pass", "error", "pass"), 1):
        at = {"generated_at": f"2026-10-0{day}T06:00:10Z"}
        checks = [check(status, snapshotted_at=f"2026-10-0{day}T06:00:00Z")]
        for kind in ("sources", "freshness"):
            write(tmp_path / str(day), kind, checks, f"i{day}", metadata=at)
    warehouse.load(tmp_path)
    rates = warehouse.sql("FROM v1.run_success_rates ORDER BY ALL").fetchall()
    assert [row[5:8] for row in rates] == [(1, 1, 0), (1, 0, 1), (1, 1, 0)]
    warehouse.prune(datetime(2026, 11, 1), keep_daily_rates=True, dry_run=False)
    assert warehouse.sql("FROM v1.run_success_rates ORDER BY ALL").fetchall() == rates
    assert [row[0] for row in invocations(warehouse)] == ["i3"]
    again = write(tmp_path / "again", "sources", [check("pass", snapshotted_at="2026-10-01T06:00:00Z")], "i1")
    warehouse.load(again)
    assert warehouse.sql("FROM v1.run_success_rates ORDER BY ALL").fetchall() == rates
    assert warehouse.verify() == []


@pytest.mark.corpus
def test_a_check_succeeded_where_dbt_exited_with_0(real_runs: Path, tmp_path: Path) -> None:
    files, succeeded = [], {}
    for meta in sorted(real_runs.rglob("invocation.meta")):
        said = json.loads(meta.read_text())
        if "sources.json" in said["written"]:
            files.append(meta.parent / "sources.json")
            succeeded[json.loads(files[-1].read_text())["metadata"]["invocation_id"]] = said["rc"] == 0
    assert len(files) > 15
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(files)
        assert dict(wh.sql("SELECT invocation_id, is_success FROM v1.invocations").fetchall()) == succeeded
