"""Artifacts that other tools, or this one once, read wrongly. Each right answer comes from what dbt itself did."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pytest
from testdata import release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import artifact

pytestmark = pytest.mark.slow

Json = dict[str, Any]
Load = Callable[..., Warehouse]


@pytest.fixture
def load(tmp_path: Path, warehouse: Warehouse) -> Load:
    """Loads artifacts, each given by its kind, its version and its sections."""

    def load(*artifacts: tuple[str, int, str, Json]) -> Warehouse:
        for number, (kind, version, dbt_version, sections) in enumerate(artifacts):
            ids = {"generated_at": f"2026-10-{number + 1:02}T06:00:10Z", "invocation_id": f"i{number}"}
            metadata = builders.metadata(kind, version, dbt_version=dbt_version, project_name="shop", **ids)
            content = {"metadata": {**metadata, **sections.pop("metadata", {})}, **sections}
            builders.write(tmp_path / str(number), kind, content)
        report = warehouse.load(tmp_path)
        assert len(report.loaded) == len(artifacts), report.outcomes
        return warehouse

    return load


def result(unique_id: str, status: str, message: Any = None, seconds: float = 1.0) -> Json:
    steps = [{"name": name, "started_at": STARTED, "completed_at": STARTED} for name in ("compile", "execute")]
    return {
        "unique_id": unique_id,
        "status": status,
        "timing": steps,
        "thread_id": "Thread-1",
        "execution_time": seconds,
        "adapter_response": {},
        "message": message,
    }


STARTED = "2026-10-01T06:00:00.000000Z"


def node(unique_id: str, parents: tuple[str, ...] = (), **more: Any) -> Json:
    resource_type, package, name, *_ = unique_id.split(".")
    return {
        "unique_id": unique_id,
        "resource_type": resource_type,
        "package_name": package,
        "name": name,
        "depends_on": {"nodes": list(parents), "macros": []},
        **more,
    }


@pytest.mark.parametrize("message, failures", [(3, 3), (0, 0), (True, None), ("Got 3 results", None), (None, None)])
def test_failing_rows_of_dbt_0_19_are_the_integer_message_of_a_test(load: Load, message: Any, failures: Any) -> None:
    wh = load(("run_results", 1, "0.19.1", {"results": [result("test.shop.unique_id", "fail", message)]}))
    assert wh.sql("SELECT failures FROM v1.node_executions").fetchall() == [(failures,)]
    assert wh.sql("SELECT last_failures FROM v1.test_failure_rates").fetchall() == [(failures,)]


def test_an_integer_message_of_a_model_counts_no_failing_rows(load: Load) -> None:
    wh = load(("run_results", 1, "0.19.1", {"results": [result("model.shop.orders", "success", 3)]}))
    assert wh.sql("SELECT failures, message FROM v1.node_executions").fetchall() == [(None, "3")]


LIVE, DISABLED = "model.shop.orders", "model.package.orders"
TEST = "test.package.unique_orders_id"


@pytest.mark.parametrize(
    "parents, model, tested",
    [
        ((LIVE,), "{{ get_where_subquery(ref('orders')) }}", LIVE),
        ((LIVE, "model.shop.items"), "{{ get_where_subquery(ref('orders')) }}", LIVE),
        ((LIVE, DISABLED), "{{ get_where_subquery(ref('orders')) }}", DISABLED),
        ((), "", DISABLED),
    ],
)
def test_a_test_that_is_attached_to_a_disabled_model_tests_its_parent(
    load: Load, parents: tuple[str, ...], model: str, tested: str
) -> None:
    test = node(TEST, parents, attached_node=DISABLED, test_metadata={"name": "unique", "kwargs": {"model": model}})
    nodes = {unique_id: node(unique_id) for unique_id in (LIVE, "model.shop.items", *({DISABLED} & {*parents}))}
    sections = {"nodes": {**nodes, TEST: test}, "disabled": {DISABLED: [node(DISABLED)]}}
    wh = load(("manifest", 12, "1.11.0", sections))
    assert wh.sql("SELECT tested_unique_id FROM v1.tests").fetchall() == [(tested,)]
    [(tests,)] = wh.sql(f"SELECT test_count FROM v1.models WHERE unique_id = '{LIVE}'").fetchall()
    assert tests == (tested == LIVE)


CONFIG = {"tags": ["nightly"], "meta": {"owner": "ann"}, "access": "private", "contract": {"enforced": True}}


@pytest.mark.parametrize(
    "section",
    [
        "nodes",
        "sources",
        *release_only("unit_tests", "semantic_models", "saved_queries", "groups", "exposures", "metrics"),
    ],
)
def test_what_dbt_writes_under_config_only_is_in_its_columns(load: Load, section: str) -> None:
    unique_id = f"{'model' if section == 'nodes' else section.rstrip('s')}.shop.it"
    wh = load(("manifest", 12, "1.10.15", {section: {unique_id: node(unique_id, config=CONFIG)}}))
    query = "SELECT tags, CAST(meta AS VARCHAR), owner, access, is_contract_enforced FROM v1.nodes"
    assert wh.sql(query).fetchall() == [(["nightly"], '{"owner":"ann"}', "ann", "private", True)]


def test_what_an_entry_says_itself_counts_before_its_config(load: Load) -> None:
    entry = node("model.shop.it", config=CONFIG, tags=["hourly"], meta={"owner": "bob"}, access="public")
    wh = load(("manifest", 12, "1.10.15", {"nodes": {"model.shop.it": entry}}))
    assert wh.sql("SELECT tags, owner, access FROM v1.nodes").fetchall() == [(["hourly"], "bob", "public")]


@pytest.mark.parametrize("count, is_aborted", [(1, False), (2, True)])
def test_a_lone_error_of_dbt_2_is_a_node_that_failed(load: Load, count: int, is_aborted: bool) -> None:
    results = [result(f"model.shop.m{number}", "error", "Compilation Error", 0.0) for number in range(count)]
    sections = {"results": results, "args": {"which": "build"}}
    wh = load(("run_results", 6, "2.0.0-preview.196", sections))
    [(aborted, is_success, failures)] = wh.sql(
        "SELECT is_aborted, is_success, failure_count FROM v1.invocations"
    ).fetchall()
    assert (aborted, is_success, failures) == (is_aborted, False, 0 if is_aborted else 1)
    failing = wh.sql("SELECT unique_id FROM v1.failure_incidents").fetchall()
    assert failing == ([] if is_aborted else [("model.shop.m0",)])
    assert wh.check(max_failing=0).is_passed == is_aborted
    assert [f["unique_id"] for f in wh.diagnose().to_dict()["failures"]] == ([] if is_aborted else ["model.shop.m0"])


FLAGS = dict.fromkeys(("error", "fail", "warn", "skip"))


@pytest.mark.parametrize(
    "resource_type, row, status, status_class",
    [
        ("model", {"status": None, **FLAGS}, None, "not_executed"),
        ("test", {"status": None, **FLAGS}, None, "not_executed"),
        ("model", {"status": "CREATE VIEW", **FLAGS}, "success", "success"),
        ("test", {"status": 0, **FLAGS}, "pass", "success"),
        ("model", {"status": None, **FLAGS, "error": "no such column"}, "error", "failure"),
        ("model", {"status": None, **FLAGS, "skip": True}, "skipped", "skipped"),
    ],
)
def test_a_result_of_dbt_0_18_without_any_status_was_compiled_only(
    tmp_path: Path, warehouse: Warehouse, resource_type: str, row: Json, status: str | None, status_class: str
) -> None:
    old = {"node": node(f"{resource_type}.shop.it"), "execution_time": 0.1, "timing": [], **row}
    document = {"generated_at": "2020-01-01T00:00:00Z", "elapsed_time": 1.0, "results": [old]}
    warehouse.load(builders.write(tmp_path, "run_results", document))
    found = warehouse.sql("SELECT status, status_class FROM v1.node_executions").fetchall()
    assert found == [(status, status_class)]
    expected = {"success": True, "failure": False}.get(status_class)
    assert warehouse.sql("SELECT is_success FROM v1.invocations").fetchall() == [(expected,)]
    rates = warehouse.sql("SELECT run_count FROM v1.run_success_rates").fetchall()
    assert rates == ([] if expected is None else [(1,)])


@pytest.mark.parametrize("kind, sections", [("manifest", {"nodes": {}}), ("catalog", {"nodes": {}, "sources": {}})])
def test_the_longer_form_of_a_schema_s_url_names_kind_and_version(load: Load, kind: str, sections: Json) -> None:
    url = f"https://schemas.getdbt.com/dbt/{kind}/v11/{kind}.json"
    wh = load((kind, 11, "1.7.0", {"metadata": {"dbt_schema_version": url}, **sections}))
    assert wh.sql("SELECT kind, schema_version FROM v1.artifacts").fetchall() == [(kind, 11)]


@pytest.mark.parametrize(
    "args, is_empty, is_sample",
    [
        ({"empty": True}, True, False),
        ({"sample": "3 days"}, False, True),
        ({"sample": {"start": "2026-10-01", "end": "2026-10-02"}}, False, True),
        ({"empty": False, "sample": None}, False, False),
        ({}, False, False),
    ],
)
def test_runs_without_rows_count_in_rates_and_in_no_time_or_cost(
    load: Load, args: Json, is_empty: bool, is_sample: bool
) -> None:
    whole = {"results": [result("model.shop.orders", "success", seconds=100.0)], "elapsed_time": 100.0}
    other = {"results": [result("model.shop.orders", "success", seconds=0.5)], "elapsed_time": 0.5}
    wh = load(
        ("run_results", 6, "1.10.15", {**whole, "args": {"which": "run"}}),
        ("run_results", 6, "1.10.15", {**other, "args": {"which": "run", **args}}),
    )
    kept = [100.0] if is_empty or is_sample else [0.5, 100.0]
    for view in ("invocations", "node_executions"):
        found = wh.sql(f"SELECT is_empty, is_sample FROM v1.{view} WHERE invocation_id = 'i1'").fetchall()
        assert found == [(is_empty, is_sample)], view
    assert wh.sql("SELECT executed_count, success_rate FROM v1.node_success_rates").fetchall() == [(2, 1.0)]
    times = wh.sql("SELECT execution_seconds_min, execution_seconds_avg FROM v1.node_execution_times").fetchall()
    assert times == [(min(kept), sum(kept) / len(kept))]
    assert sorted(wh.sql("SELECT execution_seconds FROM v1.costs").fetchall()) == [(seconds,) for seconds in kept]
    elapsed = wh.sql("SELECT run_count, elapsed_seconds_avg FROM v1.run_success_rates ORDER BY run_date").fetchall()
    assert elapsed == [(1, 100.0), (1, 0.5 if 0.5 in kept else None)]


CRITERIA = {"warn_after": {"count": 1, "period": "hour"}, "error_after": {"count": 2, "period": "hour"}}


def check(unique_id: str, status: str) -> Json:
    times = {"max_loaded_at": "2026-10-01T05:50:00Z", "snapshotted_at": "2026-10-02T06:00:00Z"}
    return {
        "unique_id": unique_id,
        "status": status,
        **times,
        "max_loaded_at_time_ago_in_s": 87000.0,
        "criteria": CRITERIA,
    }


@pytest.mark.parametrize("kinds", [("freshness",), ("sources", "freshness"), ("freshness", "sources")])
def test_a_freshness_json_of_dbt_2_is_loaded_and_counted_once(load: Load, kinds: tuple[str, ...]) -> None:
    source, model = "source.shop.raw.orders", "model.shop.orders"
    checks = {"sources": [check(source, "Error")], "freshness": [check(source, "Error"), check(model, "Warn")]}
    same = {"invocation_id": "i9", "generated_at": "2026-10-02T06:00:10Z"}
    versions = {"sources": 3, "freshness": 0}
    wh = load(*((kind, versions[kind], "2.0.0", {"results": checks[kind], "metadata": same}) for kind in kinds))
    found = wh.sql(
        "SELECT unique_id, status, error_after_seconds FROM v1.source_freshness ORDER BY unique_id"
    ).fetchall()
    assert found == [(model, "Warn", 7200.0), (source, "Error", 7200.0)]
    assert sorted(wh.sql("SELECT kind, status FROM v1.artifacts").fetchall()) == sorted((k, "loaded") for k in kinds)
    report = wh.check(freshness="error")
    assert not report.is_passed and source in report.reasons[0] and model not in report.reasons[0]


def test_an_artifact_of_an_unknown_kind_is_in_the_ledger_and_loads_once_it_is_known(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/freshness/v0.json", "invocation_id": "i1"}
    content = {"metadata": metadata, "results": [check("source.shop.raw.orders", "Pass")]}
    file = builders.write(tmp_path, "freshness", content)
    with monkeypatch.context() as earlier_release:
        kinds = tuple(kind for kind in artifact.KINDS if kind != "freshness")
        earlier_release.setattr(artifact, "KINDS", kinds)
        report = warehouse.load(file, strict=True)
        assert [(o.status, o.kind) for o in report.outcomes] == [("unknown_kind", "freshness")]
        assert (report.loaded, report.quarantined, report.skipped) == ((), (), ())
        assert [o.status for o in warehouse.load(file).outcomes] == ["unknown_kind"]
        assert warehouse.sql("SELECT count(*) FROM v1.artifacts").fetchall() == [(1,)]
    assert len(warehouse.load(file).loaded) == 1
    assert warehouse.sql("SELECT kind, status, error FROM v1.artifacts").fetchall() == [("freshness", "loaded", None)]
    assert warehouse.verify() == []


def test_the_ledger_tells_unknown_kinds_from_quarantined_artifacts(tmp_path: Path, warehouse: Warehouse) -> None:
    (tmp_path / "run_results.json").write_text("{")
    url = "https://schemas.getdbt.com/dbt/lineage-summary/v3.json"
    (tmp_path / "other.json").write_text(json.dumps({"metadata": {"dbt_schema_version": url}}))
    warehouse.load(tmp_path)
    found = warehouse.sql("SELECT kind, status FROM v1.artifacts ORDER BY kind").fetchall()
    assert found == [("lineage_summary", "unknown_kind"), ("run_results", "quarantined")]
    assert warehouse.verify() == []


def test_the_last_time_of_a_success_is_told_apart_from_that_of_a_failure(load: Load) -> None:
    runs = [("success", 100.0), ("success", 90.0), ("error", 2.0)]
    wh = load(
        *(
            ("run_results", 6, "1.10.15", {"results": [result("model.shop.orders", status, seconds=seconds)]})
            for status, seconds in runs
        )
    )
    query = "SELECT last_execution_seconds, last_success_execution_seconds FROM v1.node_execution_times"
    assert wh.sql(query).fetchall() == [(2.0, 90.0)]


def timed(unique_id: str, *steps: tuple[str, str, str], **more: Any) -> Json:
    timing = [{"name": name, "started_at": start, "completed_at": end} for name, start, end in steps]
    return {**result(unique_id, "success"), "timing": timing, **more}


@pytest.mark.parametrize("count, known", [(-1, None), (0, 0), (7, 7)])
def test_a_count_below_zero_is_unknown_in_every_view(load: Load, count: int, known: int | None) -> None:
    response = {"rows_affected": count, "bytes_processed": count, "bytes_billed": count}
    athena = {"data_scanned_in_bytes": count}
    results = [
        {**result("snapshot.shop.prices", "success"), "adapter_response": response},
        {**result("model.shop.orders", "success"), "adapter_response": athena},
    ]
    stats = {
        name: {"id": name, "label": name, "value": count, "include": True} for name in ("num_rows", "bytes", "skew")
    }
    table = {"metadata": {"type": "table", "schema": "s", "name": "orders"}, "columns": {}, "stats": stats}
    wh = load(
        ("manifest", 12, "1.10.15", {"nodes": {"model.shop.orders": node("model.shop.orders")}}),
        ("run_results", 6, "1.10.15", {"results": results, "args": {"which": "build"}}),
        ("catalog", 1, "1.10.15", {"nodes": {"model.shop.orders": table}, "sources": {}}),
    )
    columns = "rows_affected, bytes_processed, bytes_billed"
    for view in ("node_executions", "costs"):
        found = wh.sql(f"SELECT {columns} FROM v1.{view} WHERE unique_id LIKE 'snapshot%'").fetchall()
        assert found == [(known, known, known)], view
    assert wh.sql("SELECT rows_affected FROM v1.snapshot_changes").fetchall() == [(known,)]
    assert wh.sql("SELECT bytes_processed FROM v1.costs WHERE unique_id LIKE 'model%'").fetchall() == [(known,)]
    assert wh.sql("SELECT row_count, size_bytes FROM v1.models").fetchall() == [(known, known)]
    for view in ("relation_stats", "relation_stat_history"):
        found = wh.sql(f"SELECT stat_id, value, value_double FROM v1.{view} ORDER BY stat_id").fetchall()
        text = str(count)
        assert found == [("bytes", text, known), ("num_rows", text, known), ("skew", text, count)], view
    kept = "SELECT adapter_response ->> '$.rows_affected' FROM v1.node_executions WHERE unique_id LIKE 'snapshot%'"
    assert wh.sql(kept).fetchall() == [(str(count),)]


@pytest.mark.parametrize(
    "zone", ["Z+00:00", "-05:30Z", *release_only("Z", "+00:00", "+00:00Z", "+0000 UTC", "+02:00Z")]
)
def test_a_zone_that_is_written_twice_is_the_offset_in_every_view(load: Load, zone: str) -> None:
    """Some tools write Python's isoformat(), which has the offset, and a Z behind it."""
    hours = {"+02:00Z": -2.0, "-05:30Z": 5.5}.get(zone, 0.0)

    def at(clock: str) -> str:
        return f"2026-10-01T{clock}{zone}"

    def utc(clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-10-01T{clock}") + timedelta(hours=hours)

    executed = ("execute", at("12:00:01.25"), at("12:00:02"))
    batches = {"successful": [[at("00:00:00"), at("01:00:00")]], "failed": []}
    run = timed("model.shop.m", ("compile", at("12:00:00"), at("12:00:01")), executed, batch_results=batches)
    times = {"generated_at": at("12:00:03"), "invocation_started_at": at("11:59:59")}
    checked = {**check("source.shop.raw.t", "pass"), "max_loaded_at": at("10:00:00"), "snapshotted_at": at("11:00:00")}
    wh = load(
        ("run_results", 6, "1.10.15", {"results": [run], "metadata": times}),
        ("sources", 3, "1.10.15", {"results": [checked]}),
        ("manifest", 12, "1.10.15", {"nodes": {"model.shop.m": node("model.shop.m", deprecation_date=at("09:00:00"))}}),
    )
    assert wh.sql(
        "SELECT execute_started_at, execute_completed_at, run_generated_at FROM v1.node_executions"
    ).fetchall() == [(utc("12:00:01.250000"), utc("12:00:02"), utc("12:00:03"))]
    runs = "SELECT started_at, completed_at, span_seconds FROM v1.invocations WHERE command <> 'source freshness'"
    assert wh.sql(runs).fetchall() == [(utc("11:59:59"), utc("12:00:03"), 2.0)]
    assert wh.sql("SELECT last_executed_at FROM v1.node_success_rates").fetchall() == [(utc("12:00:02"),)]
    assert wh.sql("SELECT batch_start, batch_end FROM v1.batch_executions").fetchall() == [
        (utc("00:00:00"), utc("01:00:00"))
    ]
    assert wh.sql("SELECT max_loaded_at, snapshotted_at FROM v1.source_freshness").fetchall() == [
        (utc("10:00:00"), utc("11:00:00"))
    ]
    assert wh.sql("SELECT deprecation_date FROM v1.nodes").fetchall() == [(utc("09:00:00"),)]


def test_times_of_several_zones_are_ordered_by_the_moment(load: Load) -> None:
    early = timed("model.shop.a", ("execute", "2026-10-01T14:00:00.000000+04:00", "2026-10-01T14:00:05.000000+04:00"))
    late = timed("model.shop.b", ("execute", "2026-10-01T12:00:00.000000+00:00", "2026-10-01T12:00:05.000000+00:00"))
    wh = load(("run_results", 6, "1.10.15", {"results": [late, early]}))
    found = wh.sql("SELECT started_at, span_seconds FROM v1.invocations").fetchall()
    assert found == [(datetime(2026, 10, 1, 10), 2 * 3600 + 5.0)]


@pytest.mark.parametrize(
    "names, compiled, executed",
    [
        (("compile", "execute"), (0, 1), (2, 3)),
        (("execute", "compile"), (2, 3), (0, 1)),
        (("compile", "on-run-end"), (0, 1), (2, 3)),
        (("compile", "execute", "post-hook"), (0, 1), (2, 5)),
        (("load_raw",), (None, None), (0, 1)),
        (("compile",), (0, 1), (None, None)),
        ((), (None, None), (None, None)),
    ],
)
def test_a_step_of_any_other_name_than_compile_is_execution(
    load: Load, names: tuple[str, ...], compiled: tuple[int | None, ...], executed: tuple[int | None, ...]
) -> None:
    """A macro that `run-operation` runs is the name of its step: dbt-core 1.7, task/run_operation.py."""
    steps = [(name, f"2026-10-01T06:00:0{2 * n}Z", f"2026-10-01T06:00:0{2 * n + 1}Z") for n, name in enumerate(names)]
    wh = load(("run_results", 6, "1.10.15", {"results": [timed("operation.shop.shop-on-run-end-0", *steps)]}))

    def utc(second: int | None) -> datetime | None:
        return None if second is None else datetime(2026, 10, 1, 6, 0, second)

    columns = "compile_started_at, compile_completed_at, execute_started_at, execute_completed_at"
    found = wh.sql(f"SELECT {columns} FROM v1.node_executions").fetchall()
    assert found == [tuple(map(utc, (*compiled, *executed)))]
    last = max(filter(None, (*compiled, *executed)), default=None)
    [(completed,)] = wh.sql("SELECT last_executed_at FROM v1.node_success_rates").fetchall()
    assert completed == (utc(last) or datetime(2026, 10, 1, 6, 0, 10))
    span = wh.sql("SELECT span_seconds FROM v1.invocations").fetchall()
    assert span == [(float(last) if last else None,)]


def batches(successful: str, failed: str, status: str = "success") -> Json:
    """A result of a microbatch model; each digit is the day of a batch."""
    windows = [
        [[f"2026-10-0{d}T00:00:00+00:00", f"2026-10-0{int(d) + 1}T00:00:00+00:00"] for d in days]
        for days in (successful, failed)
    ]
    return {**result("model.shop.m", status), "batch_results": {"successful": windows[0], "failed": windows[1]}}


RUN, RETRY = "dbt run --select m", "dbt retry"


@pytest.mark.parametrize(
    "runs, repeated",
    [
        pytest.param([(RUN, "123", "4"), (RETRY, "123", "4")], ["", "123"], id="fails again"),
        pytest.param([(RUN, "123", "4"), (RETRY, "1234", "")], ["", "123"], id="succeeds"),
        pytest.param([(RUN, "12", "34"), (RETRY, "123", "4"), (RETRY, "1234", "")], ["", "12", "123"], id="twice"),
        pytest.param([(RUN, "123", "4"), (RUN, "1234", "")], ["", ""], id="no retry"),
        pytest.param([(RUN, "123", ""), (RUN, "", ""), (RETRY, "1234", "")], ["", "", ""], id="skipped before"),
        pytest.param([(RETRY, "1234", "")], [""], id="alone"),
    ],
)
def test_a_retry_repeats_the_batches_that_succeeded_before(
    load: Load, runs: list[tuple[str, str, str]], repeated: list[str]
) -> None:
    wh = load(
        *(
            (
                "run_results",
                6,
                "1.10.15",
                {"results": [batches(*days)], "args": {"which": "run", "invocation_command": command}},
            )
            for command, *days in runs
        )
    )
    found = wh.sql(
        "SELECT invocation_id, day(batch_start) FROM v1.batch_executions WHERE is_repeated ORDER BY ALL"
    ).fetchall()
    assert found == [(f"i{number}", int(day)) for number, days in enumerate(repeated) for day in days]


@pytest.mark.corpus
def test_a_real_retry_of_a_microbatch_model_counts_its_batches_once(real_runs: Path, warehouse: Warehouse) -> None:
    """One of ten batches fails in the run and again in its retry: 11 executions, of which 9 succeeded."""
    folder = real_runs / "extras_1.10"
    warehouse.load([folder / "005_microbatch_partial", folder / "006_microbatch_retry_still"])
    query = "SELECT is_repeated, is_success, count(*) FROM v1.batch_executions GROUP BY ALL ORDER BY ALL"
    assert warehouse.sql(query).fetchall() == [(False, False, 2), (False, True, 9), (True, True, 9)]
