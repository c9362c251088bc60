"""dbt 2 tells an invocation in JSON, telemetry and its information schema: it is one invocation (rule 9)."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from disturbed import assert_intact
from testdata import BESIDE

from artifact_warehouse import Warehouse
from artifact_warehouse.limits import Limits

OTEL = BESIDE / "dbt2" / "l1" / "otel.jsonl"
TELEMETRY = Path(__file__).parent / "telemetry"
"""The telemetry of another invocation of this preview, as JSON and as Parquet."""
RUN = BESIDE / "dbt2" / "t1"
"""The telemetry and the target folder of one invocation of a preview of dbt 2.0."""
INDEX = BESIDE / "dbt2" / "t3" / "index"
"""The index some invocations later: its results are those of two invocations."""
BUILD = "01a22cf1-74fe-7611-a643-9fd1153ad701"
OTHER_BUILD = "01a22cf1-b932-7191-a659-c0b2e10316eb"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.corpus,
    pytest.mark.skipif(not OTEL.exists(), reason="the output of dbt 2 is not beside the checkout"),
]


def spans(event: str) -> list[dict[str, Any]]:
    """The ended spans of an event type, read by the standard library."""
    records = map(json.loads, OTEL.read_text().splitlines())
    return [r for r in records if r["record_type"] == "SpanEnd" and r["event_type"].endswith(f".{event}")]


def moment(nanoseconds: str) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=int(nanoseconds) // 1000)


def rows(wh: Warehouse, query: str) -> list[tuple]:
    return wh.sql(query).fetchall()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse that has the telemetry only."""
    wh = Warehouse(tmp_path_factory.mktemp("told") / "wh.duckdb")
    wh.load(OTEL)
    return wh


def test_telemetry_alone_tells_the_invocation(told: Warehouse) -> None:
    [span] = spans("Invocation")
    attributes = span["attributes"]
    [row] = rows(
        told,
        "SELECT invocation_id, command, environment, target_name, dbt_version, adapter_type, started_at, completed_at, "
        "invocation_command, is_success, outcome FROM v1.invocations",
    )
    start, end = moment(span["start_time_unix_nano"]), moment(span["end_time_unix_nano"])
    version = attributes["process_info"]["version"]
    ids = (attributes["invocation_id"], "build", "dev", "dev", version, "duckdb", start, end)
    assert row == (*ids, attributes["raw_command"], False, "error")
    counts = attributes["metrics"]["status_counts"]
    [(warns, skipped, failed)] = rows(told, "SELECT warn_count, skipped_count, failure_count FROM v1.invocations")
    # dbt counts a failed test among its errors.
    assert (warns, skipped, failed) == tuple(int(counts[name]) for name in ("warn", "skipped", "error"))
    assert told.verify() == []


def test_telemetry_has_the_results_that_the_json_has(told: Warehouse) -> None:
    results = {r["unique_id"]: r for r in json.loads((RUN / "run_results.json").read_text())["results"]}
    found = rows(told, "SELECT unique_id, status, execution_seconds, failures, rows_affected FROM v1.node_executions")
    for unique_id, status, seconds, failures, rows_affected in found:
        if unique_id.startswith("operation."):  # hooks: previews have them in no JSON
            continue
        result = results.pop(unique_id)
        # A model that is no relation has another word in the JSON of previews.
        assert status == result["status"] or (status, result["status"]) == ("no-op", "skipped")
        assert failures == result.get("failures")
        if status == "success":
            assert seconds == pytest.approx(result["execution_time"], abs=0.01)
            assert rows_affected == result["adapter_response"].get("rows_affected")
    assert not results


def test_phases_say_who_made_dbt_skip_a_node_and_how_long_it_waited(told: Warehouse) -> None:
    wholes = {span["attributes"]["unique_id"]: span for span in spans("NodeProcessed")}
    found = rows(
        told,
        "SELECT unique_id, working_seconds, span_seconds, skipped_by_unique_id FROM v1.node_phases WHERE phase IS NULL",
    )
    assert {row[0] for row in found} == {*wholes}
    for unique_id, working, span, skipped_by in found:
        attributes = wholes[unique_id]["attributes"]
        assert working == int(attributes["duration_ms"]) / 1000
        assert working <= span + 0.001
        assert skipped_by == (attributes.get("node_skip_upstream_detail") or {}).get("upstream_unique_id")
    phases = Counter((s["attributes"]["unique_id"], s["attributes"]["phase"]) for s in spans("NodeEvaluated"))
    [(count,)] = rows(told, "SELECT count(*) FROM v1.node_phases WHERE phase IS NOT NULL")
    assert count == len(phases)


def test_every_statement_is_there_with_its_outcome(told: Warehouse) -> None:
    expected = Counter((s["attributes"].get("unique_id"), s["attributes"]["sql"]) for s in spans("QueryExecuted"))
    assert Counter(rows(told, "SELECT unique_id, sql FROM v1.statements")) == expected
    outcomes = Counter(s["attributes"]["query_outcome"].rsplit("_", 1)[-1].lower() for s in spans("QueryExecuted"))
    assert Counter(outcome for (outcome,) in rows(told, "SELECT outcome FROM v1.statements")) == outcomes


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_run_that_died_midway_failed(tmp_path: Path, warehouse: Warehouse, is_cut_off: bool) -> None:
    lines = OTEL.read_text().splitlines(keepends=True)
    died = tmp_path / "otel.jsonl"
    died.write_text("".join(lines[:150]) + (lines[150][:40] if is_cut_off else ""))
    warehouse.load(died)
    assert rows(warehouse, "SELECT outcome, is_success FROM v1.invocations") == [("unfinished", False)]
    assert rows(warehouse, "SELECT is_success FROM v1.logical_runs") == [(False,)]
    warehouse.load(OTEL)  # the whole file takes its place
    assert rows(warehouse, "SELECT outcome, is_success FROM v1.invocations") == [("error", False)]
    statuses = rows(warehouse, "SELECT status, count(*) FROM v1.artifacts GROUP BY ALL ORDER BY ALL")
    assert statuses == [("loaded", 1), ("superseded", 1)]


def test_a_broken_line_is_named(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = OTEL.read_text().splitlines(keepends=True)
    broken = tmp_path / "otel.jsonl"
    broken.write_text("".join([*lines[:9], "{no\n", *lines[9:]]))
    [outcome] = warehouse.load(broken).quarantined
    assert "line 10" in (outcome.reason or "")


def test_parquet_has_the_telemetry_that_json_has(tmp_path: Path, warehouse: Warehouse) -> None:
    """Both were written by one invocation: the second one is not loaded again, in either order."""
    names = ("otel.jsonl.gz", "otel.parquet")
    assert [outcome.kind for outcome in warehouse.load(TELEMETRY / names[1]).loaded] == ["telemetry"]
    assert len(warehouse.load(TELEMETRY / names[0]).unchanged) == 1
    records = map(json.loads, gzip.decompress((TELEMETRY / names[0]).read_bytes()).splitlines())
    ended = [r for r in records if r["record_type"] == "SpanEnd"]
    nodes = {
        r["attributes"]["unique_id"] for r in ended if r["event_type"].endswith(("NodeProcessed", "HookProcessed"))
    }
    assert {row[0] for row in rows(warehouse, "SELECT unique_id FROM v1.node_executions")} == nodes
    queries = Counter(r["attributes"]["sql"] for r in ended if r["event_type"].endswith("QueryExecuted"))
    assert Counter(row[0] for row in rows(warehouse, "SELECT sql FROM v1.statements")) == queries
    (tmp_path / "target" / "metadata").mkdir(parents=True)
    shutil.copy(TELEMETRY / names[1], tmp_path / "target" / "metadata")
    assert len(warehouse.load(tmp_path).unchanged) == 1


@pytest.mark.parametrize(("limits", "words"), [(Limits(entries=150), "rows"), (Limits(artifact_bytes=45_000), "texts")])
def test_telemetry_in_parquet_has_limits(limits: Limits, words: str, warehouse: Warehouse) -> None:
    [outcome] = warehouse.load(TELEMETRY / "otel.parquet", limits=limits).quarantined
    assert words in (outcome.reason or "")


def test_telemetry_in_parquet_that_is_cut_off_or_of_another_form_is_quarantined(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    (tmp_path / "otel.parquet").write_bytes((TELEMETRY / "otel.parquet").read_bytes()[:20_000])
    table = pa.table(
        {name: ["x"] for name in ("record_type", "trace_id", "event_type")} | {"attributes": [[{"a": [1]}]]}
    )
    pq.write_table(table, tmp_path / "otel_nested.parquet")
    reasons = [outcome.reason or "" for outcome in warehouse.load(tmp_path).quarantined]
    assert len(reasons) == 2 and all("is not valid Parquet" in reason for reason in reasons)


def test_an_index_has_several_invocations_each_once(tmp_path: Path, warehouse: Warehouse) -> None:
    tables = (pq.read_table(INDEX / name) for name in ("dbt_rt.run_results.parquet", "dbt.source_freshness.parquet"))
    expected = Counter(invocation_id for table in tables for invocation_id in table["invocation_id"].to_pylist())
    warehouse.load(INDEX)
    counts = "SELECT invocation_id, result_count FROM v1.invocations WHERE result_count > 0"
    assert dict(rows(warehouse, counts)) == expected
    known = {row["invocation_id"]: row for row in pq.read_table(INDEX / "dbt_rt.invocations.parquet").to_pylist()}
    for invocation_id, command, seconds in rows(
        warehouse,
        "SELECT invocation_id, command, elapsed_seconds FROM v1.invocations WHERE elapsed_seconds IS NOT NULL",
    ):
        row = known.pop(invocation_id)
        assert seconds == row["elapsed_time"]
        assert command == {"freshness": "source freshness"}.get(row["command"], row["command"])
    assert not known
    # An earlier state of the index has nothing new: the earlier invocation is one artifact.
    assert warehouse.load(RUN / "index").loaded == ()
    assert warehouse.verify() == []


CHECKS = (
    "SELECT invocation_id, unique_id, status, max_loaded_at_age_seconds, warn_after_seconds FROM v1.source_freshness"
)


def test_the_freshness_table_of_an_index_is_the_run_that_sources_json_tells(tmp_path: Path) -> None:
    table, sources = INDEX / "dbt.source_freshness.parquet", INDEX.parent / "sources.json"
    expected = {row["unique_id"]: row for row in pq.read_table(table).to_pylist()}
    said = {row["unique_id"]: row for row in json.loads(sources.read_text())["results"]}
    seen = []
    for number, files in enumerate(([table], [table, sources], [sources, table])):
        with Warehouse(tmp_path / f"{number}.duckdb") as wh:
            for file in files:
                wh.load(file)
            [(command, result_count, is_success)] = rows(
                wh, "SELECT command, result_count, is_success FROM v1.invocations"
            )
            assert (command, result_count, is_success) == ("source freshness", len(expected), False)
            seen.append(sorted(rows(wh, CHECKS)))
    assert_intact(tmp_path / "2.duckdb")
    for invocation_id, unique_id, status, age, _ in seen[0]:
        row = expected[unique_id]
        assert (invocation_id, status, age) == (row["invocation_id"], row["status"], row["max_loaded_at_time_ago"])
    assert seen[1] == seen[2], "the JSON comes first, in any order"
    for _, unique_id, status, _, warn_after in seen[1]:
        assert (status, warn_after) == (said[unique_id]["status"], 86_400)


def parts(folder: Path) -> dict[str, Path]:
    """The files that tell of BUILD; the index has a target, as that of the release has."""
    table = pq.read_table(INDEX / "dbt_rt.invocations.parquet")
    named = table.set_column(table.schema.get_field_index("target_name"), "target_name", pa.array(["dev"] * len(table)))
    path = folder / "index" / "dbt_rt.invocations.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(named, path)
    results = INDEX / "dbt_rt.run_results.parquet"
    return {"json": RUN / "run_results.json", "telemetry": OTEL, "invocations": path, "results": results}


INVOCATION = (
    "SELECT invocation_id, command, project_name, environment, target_name, started_at, completed_at, elapsed_seconds, "
    f"is_success, result_count, executed_count, failure_count, args FROM v1.invocations WHERE invocation_id = '{BUILD}'"
)
RESULTS = (
    f"SELECT unique_id, status, execution_seconds, message FROM v1.node_executions WHERE invocation_id = '{BUILD}'"
)
SUBSETS = [
    names
    for count in range(1, 5)
    for names in itertools.combinations(("json", "telemetry", "invocations", "results"), count)
]


@pytest.mark.parametrize("names", random.Random(1).sample(SUBSETS[4:], 1))
def test_an_invocation_is_one_in_any_order(tmp_path: Path, names: tuple[str, ...]) -> None:
    check_orders(tmp_path, names)


@pytest.mark.release
@pytest.mark.parametrize("names", SUBSETS)
def test_an_invocation_is_one_in_any_order_of_any_files(tmp_path: Path, names: tuple[str, ...]) -> None:
    check_orders(tmp_path, names)


def check_orders(folder: Path, names: tuple[str, ...]) -> None:
    """The files in two orders, one a load: the same rows, the union of what they know, JSON first."""
    files = parts(folder)
    seen = []
    for number, order in enumerate((names, names[::-1])):
        with Warehouse(folder / f"{number}.duckdb") as wh:
            for name in order:
                wh.load(files[name])
            seen.append((rows(wh, INVOCATION), sorted(rows(wh, RESULTS))))
            assert wh.verify() == []
    assert seen[0] == seen[1]
    [invocation], results = seen[0]
    expected = {r["unique_id"]: r for r in json.loads((RUN / "run_results.json").read_text())["results"]}
    if names != ("invocations",):
        assert {*expected} <= {row[0] for row in results}
    if "json" in names:
        said = {(r["unique_id"], r["status"], r["execution_time"], r["message"]) for r in expected.values()}
        assert {*results} == said
    # The target of telemetry and of the information schema settles the environment (rule 8).
    environment = "dev" if {"telemetry", "invocations"} & {*names} else "default"
    assert invocation[3] == environment
    if "telemetry" in names:
        [span] = spans("Invocation")
        assert invocation[5] == moment(span["start_time_unix_nano"])


def test_secrets_in_telemetry_are_hidden(tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_ONE", "distinctiveknownvalue")
    text = OTEL.read_text()
    old = "--write-index --write-catalog"
    assert old in text
    text = text.replace(old, "--vars '{password: distinctivehunter2}'")
    text = text.replace("select schema_name", "select 'distinctiveknownvalue', schema_name")
    path = tmp_path / "otel.jsonl"
    path.write_text(text)
    warehouse.load(path)
    for table in ("artifacts", "invocations", "node_executions", "statements", "texts", "node_phases"):
        found = str(rows(warehouse, f"FROM stored.{table}"))
        assert "distinctivehunter2" not in found and "distinctiveknownvalue" not in found
    assert rows(warehouse, "SELECT redaction_count > 0 FROM v1.artifacts") == [(True,)]


def test_a_scan_of_a_project_finds_telemetry(tmp_path: Path, warehouse: Warehouse) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "otel.jsonl").write_bytes(OTEL.read_bytes())
    (tmp_path / "logs" / "other.jsonl").write_text('{"a": 1}\n')
    assert [outcome.kind for outcome in warehouse.load(tmp_path).outcomes] == ["telemetry"]
    assert warehouse.load(tmp_path).unchanged
