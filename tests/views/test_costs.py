"""What was spent: as the adapters' responses say, at given prices, and what of it for nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pytest
from testdata import SAMPLES, Loaded

from artifact_warehouse import Warehouse

EXECUTED = {"success", "pass", "warn", "error", "fail", "partial success"}
DAY = datetime(2026, 11, 1, 3)


def responses(folder: Path) -> dict[tuple[str, str], list[dict]]:
    """The responses to every executed result, by invocation and node, of files that have ids of their own."""
    found: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for file in folder.rglob("*.json"):
        try:
            data = json.loads(file.read_bytes())
        except ValueError:
            continue
        metadata = data.get("metadata") if isinstance(data, dict) else None
        if "run-results" not in str((metadata or {}).get("dbt_schema_version")):
            continue
        for result in data["results"]:
            if str(result.get("status")).lower() in EXECUTED and result.get("adapter_response"):
                response = result["adapter_response"]
                found[metadata["invocation_id"], result["unique_id"]].append(
                    response if isinstance(response, dict) else {}
                )
    return found


def test_costs_are_what_the_adapters_wrote(loaded: Loaded) -> None:
    written = responses(loaded.folder)
    rows = loaded.warehouse.sql(
        "SELECT invocation_id, unique_id, bytes_processed, bytes_billed, slot_seconds, rows_affected FROM v1.costs "
        "WHERE coalesce(bytes_processed, bytes_billed, rows_affected) IS NOT NULL OR slot_seconds IS NOT NULL"
    ).fetchall()
    for invocation_id, unique_id, processed, billed, slot_seconds, rows_affected in rows:
        if (invocation_id, unique_id) in written:
            expected = [
                (
                    response.get("bytes_processed"),
                    response.get("bytes_billed"),
                    response.get("slot_ms") and response["slot_ms"] / 1000,
                    response.get("rows_affected") if (response.get("rows_affected") or 0) >= 0 else None,
                )
                for response in written[invocation_id, unique_id]
            ]
            assert (processed, billed, slot_seconds or expected[0][2], rows_affected) in expected
    found = {row[:2] for row in rows if row[3] is not None}
    billed_ones = {key for key, all_of_it in written.items() if any("bytes_billed" in r for r in all_of_it)}
    not_executing = {
        row[0]
        for row in loaded.warehouse.sql("SELECT invocation_id FROM v1.invocations WHERE NOT is_executing").fetchall()
    }
    assert found & written.keys() == {key for key in billed_ones if key[0] not in not_executing}


def test_every_executed_result_has_a_cost_row_and_nothing_else(loaded: Loaded) -> None:
    timed = "WHERE is_executed AND NOT is_empty AND NOT is_sample"
    difference = f"""
    SELECT invocation_id, command, unique_id FROM v1.node_executions {timed}
    EXCEPT ALL SELECT invocation_id, command, unique_id FROM v1.costs
    """
    assert loaded.warehouse.sql(difference).fetchall() == []
    counts = f"SELECT (SELECT count(*) FROM v1.costs), (SELECT count(*) FROM v1.node_executions {timed})"
    [(costs, executed)] = loaded.warehouse.sql(counts).fetchall()
    assert costs == executed > 0


def write(folder: Path, kind: str, at: datetime, **content: Any) -> None:
    name = f"{kind} {at:%d %H}"
    times = {"generated_at": f"{at.isoformat()}Z", "invocation_started_at": f"{at - timedelta(minutes=9)}Z"}
    fields = {"invocation_id": name, "project_name": "shop", **times}
    builders.write(folder / name, kind, builders.artifact(kind, fields, **content))


def build(folder: Path, at: datetime, *ids: str, seconds: float = 10.0, **response: Any) -> None:
    results = [
        {
            "unique_id": unique_id,
            "status": "pass" if unique_id.startswith("test.") else "success",
            "execution_time": seconds,
            "thread_id": "Thread-1",
            "timing": [],
            "adapter_response": response,
        }
        for unique_id in ids
    ]
    write(folder, "run_results", at, results=results, args={"which": "build"}, elapsed_time=seconds)


def check_freshness(folder: Path, at: datetime, **loaded_at: datetime) -> None:
    results = [
        {
            "unique_id": f"source.shop.raw.{name}",
            "status": "pass",
            "max_loaded_at": f"{time.isoformat()}Z",
            "snapshotted_at": f"{at.isoformat()}Z",
            "max_loaded_at_time_ago_in_s": (at - time).total_seconds(),
            "criteria": {},
            "adapter_response": {},
            "timing": [],
            "thread_id": "Thread-1",
            "execution_time": 0.1,
        }
        for name, time in loaded_at.items()
    ]
    write(folder, "sources", at, results=results, elapsed_time=0.1)


def define(folder: Path, at: datetime, code: str = "select 1", **nodes: list[str]) -> None:
    """A manifest of tables, and of every source that they read."""
    entries = {
        f"model.shop.{name}": {
            "resource_type": "model",
            "package_name": "shop",
            "name": name,
            "raw_code": code,
            "config": {"materialized": "table"},
            "depends_on": {"nodes": parents},
        }
        for name, parents in nodes.items()
    }
    sources = {
        parent: {"resource_type": "source", "package_name": "shop", "name": parent.split(".")[3], "source_name": "raw"}
        for parents in nodes.values()
        for parent in parents
        if parent.startswith("source.")
    }
    write(folder, "manifest", at, nodes=entries, sources=sources)


def waste(folder: Path) -> dict[str, tuple[int, int, int]]:
    """(executed, judged, wasted) of every model."""
    with Warehouse(folder / "wh.duckdb") as wh:
        wh.load(folder)
        rows = wh.sql(
            "SELECT unique_id, executed_count, judged_count, wasted_count, wasted_seconds, wasted_rate "
            "FROM v1.materialization_waste WHERE reason = 'unchanged_sources'"
        ).fetchall()
    assert all(seconds == 10 * wasted and rate == wasted / judged for _, _, judged, wasted, seconds, rate in rows)
    return {row[0].removeprefix("model.shop."): row[1:4] for row in rows}


A = "source.shop.raw.a"
B = "source.shop.raw.b"
HOUR = timedelta(hours=1)


def test_a_table_that_is_rebuilt_nightly_over_a_source_that_is_loaded_weekly(tmp_path: Path) -> None:
    define(tmp_path, DAY - HOUR, t=[A])
    for night in range(8):
        at = DAY + timedelta(days=night)
        build(tmp_path, at, "model.shop.t")
        load = DAY - HOUR if night < 5 else DAY + timedelta(days=5, hours=-1)
        check_freshness(tmp_path, at + HOUR, a=load)
    # Seven follow the first; the sixth of all (night 5) came after the one load.
    assert waste(tmp_path) == {"t": (8, 7, 6)}


def test_of_builds_that_overlap_the_table_is_what_the_one_that_ended_last_left(tmp_path: Path) -> None:
    """The first run starts first and ends last; a load comes between the two starts."""
    define(tmp_path, DAY - HOUR, t=[A])
    for at, minutes in ((DAY + HOUR, 60), (DAY + 5 * HOUR, 295), (DAY + 7 * HOUR, 9)):
        build(tmp_path, at, "model.shop.t")
        file = next(tmp_path.glob(f"run_results {at:%d %H}/*.json"))
        data = json.loads(file.read_bytes())
        data["metadata"]["invocation_started_at"] = f"{(at - timedelta(minutes=minutes)).isoformat()}Z"
        file.write_text(json.dumps(data))
    check_freshness(tmp_path, DAY - HOUR, a=DAY - 2 * HOUR)
    check_freshness(tmp_path, DAY + 9 * HOUR, a=DAY + timedelta(minutes=3))
    assert waste(tmp_path) == {"t": (3, 2, 1)}  # the third follows a build that started before the load


def test_a_build_with_no_later_check_is_not_judged(tmp_path: Path) -> None:
    define(tmp_path, DAY - HOUR, t=[A])
    check_freshness(tmp_path, DAY, a=DAY - HOUR)
    build(tmp_path, DAY + HOUR, "model.shop.t")
    build(tmp_path, DAY + 2 * HOUR, "model.shop.t")
    assert waste(tmp_path) == {}


def test_every_source_must_be_watched_and_quiet(tmp_path: Path) -> None:
    define(tmp_path, DAY - HOUR, t=[A, B], u=[A], v=[A, "source.shop.raw.unwatched"])
    for night in range(3):
        at = DAY + timedelta(days=night)
        build(tmp_path, at, "model.shop.t", "model.shop.u", "model.shop.v")
        check_freshness(tmp_path, at + HOUR, a=DAY - HOUR, b=at - HOUR)
    assert waste(tmp_path) == {"t": (3, 2, 0), "u": (3, 2, 2)}


def test_a_changed_definition_above_is_a_reason_to_build(tmp_path: Path) -> None:
    define(tmp_path, DAY - HOUR, t=["model.shop.u"], u=[A])
    for night in range(4):
        at = DAY + timedelta(days=night)
        if night == 2:
            write_changed = {"t": ["model.shop.u"], "u": [A]}
            define(tmp_path, at - HOUR, code="select 2", **write_changed)
        build(tmp_path, at, "model.shop.t", "model.shop.u")
        check_freshness(tmp_path, at + HOUR, a=DAY - HOUR)
    assert waste(tmp_path) == {"t": (4, 3, 2), "u": (4, 3, 2)}


def test_a_build_without_what_lies_above_is_no_measure(tmp_path: Path) -> None:
    """The second run builds the lower table from an upper one that is older than the load: the third is needed."""
    define(tmp_path, DAY - HOUR, t=["model.shop.u"], u=[A])
    build(tmp_path, DAY, "model.shop.t", "model.shop.u")
    check_freshness(tmp_path, DAY + HOUR, a=DAY + timedelta(minutes=30))
    build(tmp_path, DAY + 2 * HOUR, "model.shop.t")
    build(tmp_path, DAY + 4 * HOUR, "model.shop.t", "model.shop.u")
    check_freshness(tmp_path, DAY + 5 * HOUR, a=DAY + timedelta(minutes=30))
    assert waste(tmp_path) == {"t": (3, 2, 0), "u": (2, 1, 0)}


def test_a_source_whose_last_load_went_back_was_filled_anew(tmp_path: Path) -> None:
    define(tmp_path, DAY - HOUR, t=[A])
    check_freshness(tmp_path, DAY - HOUR, a=DAY - HOUR)
    build(tmp_path, DAY, "model.shop.t")
    build(tmp_path, DAY + 2 * HOUR, "model.shop.t")
    check_freshness(tmp_path, DAY + 3 * HOUR, a=DAY - 9 * HOUR)
    assert waste(tmp_path) == {"t": (2, 1, 0)}


def test_tests_that_never_failed_are_those_that_only_passed(sample_warehouse: Warehouse) -> None:
    statuses: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for file in SAMPLES.rglob("run_results.json"):
        data = json.loads(file.read_bytes())
        if data["args"]["which"] in ("build", "test", "run", "retry"):
            for result in data["results"]:
                if result["unique_id"].startswith("test.") and result["status"] in EXECUTED:
                    environment = next(p for p in file.parts if p.startswith("environment="))
                    key = (environment.removeprefix("environment="), result["unique_id"])
                    statuses[key].append((result["status"], result["execution_time"]))
    expected = {
        key: (len(rows), pytest.approx(sum(seconds for _, seconds in rows)))
        for key, rows in statuses.items()
        if {status for status, _ in rows} == {"pass"}
    }
    rows = sample_warehouse.sql(
        "SELECT environment, unique_id, wasted_count, wasted_seconds FROM v1.materialization_waste "
        "WHERE reason = 'never_failed'"
    ).fetchall()
    assert {row[:2]: row[2:] for row in rows} == expected
    assert 0 < len(expected) < len(statuses)


def test_prices_turn_bytes_slots_credits_and_time_into_costs(tmp_path: Path) -> None:
    for hour in range(2):
        at = DAY + hour * HOUR
        response = {"bytes_processed": 1, "bytes_billed": 1024**4, "slot_ms": 1_800_000, "credits_used": 0.25}
        build(tmp_path, at, "model.shop.m", seconds=360.0, **response)
    build(tmp_path, DAY + timedelta(days=1), "model.shop.m", seconds=3600.0)
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path)
        prices = "price_per_tib := 6.25, price_per_slot_hour := 0.04, price_per_credit := 3, price_per_hour := 10"
        rows = wh.sql(
            "SELECT CAST(run_date AS VARCHAR), executed_count, bytes_cost, slot_cost, credits_cost, time_cost, "
            f"total_cost FROM v1.costs_at({prices}) ORDER BY run_date"
        ).fetchall()
        [(free,)] = wh.sql("SELECT sum(total_cost) FROM v1.costs_at()").fetchall()
    assert rows == [
        ("2026-11-01", 2, 12.5, 0.04, 1.5, 2.0, 12.5 + 0.04 + 1.5 + 2.0),
        ("2026-11-02", 1, None, None, None, 10.0, 10.0),
    ]
    assert free == 0
