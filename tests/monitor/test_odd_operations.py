"""The views and commands of operations where something is unknown, odd, or gone."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from commandline import run
from histories import History, clock

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

STAGED, TEST = "model.shop.staged", "test.shop.of_staged"


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "artifacts", "shop", random.Random(1))


def loaded(history: History, path: Path) -> Warehouse:
    wh = Warehouse(path / "wh.duckdb")
    wh.load(history.folder)
    return wh


def test_an_unknown_time_is_not_zero(history: History, tmp_path: Path) -> None:
    history.invoke(history.place("prod", None), [history.result(STAGED, "success", None)])
    with loaded(history, tmp_path) as wh:
        query = "SELECT compile_seconds, execute_seconds, idle_seconds, queued_seconds FROM v1.run_timelines"
        assert wh.sql(query).fetchall() == [(None, None, None, None)]


def test_a_threads_share_is_of_the_whole_run(history: History, tmp_path: Path) -> None:
    short = {**history.result(STAGED, "success", history.now + timedelta(seconds=1)), "thread_id": "Thread-1"}
    long = history.result(TEST, "pass", history.now + timedelta(seconds=10))
    history.invoke(history.place("prod", None), [short, long])
    with loaded(history, tmp_path) as wh:
        columns = "thread_id, busy_seconds, run_span_seconds, utilization_rate, thread_count"
        assert wh.sql(f"SELECT {columns} FROM v1.thread_utilization").fetchall() == [("Thread-1", 1.0, 10.0, 0.1, 1)]


def test_odd_figures_of_an_adapter_cost_nothing(history: History, tmp_path: Path) -> None:
    odd = history.result(STAGED, "success", history.now)
    odd["adapter_response"] = {"slot_ms": 1e300, "credits_used": "nan", "bytes_billed": 2**63 - 1}
    for _ in range(2):
        history.invoke(history.place("prod", None), [odd])
    with loaded(history, tmp_path) as wh:
        query = "SELECT slot_seconds, credits, bytes_billed FROM v1.costs_at(price_per_tib := 1)"
        assert wh.sql(query).fetchall() == [(None, None, 2**63 - 1)]


def test_a_test_that_failed_before_a_prune_has_failed(history: History, tmp_path: Path) -> None:
    history.has_manifests = False
    for environment, status in (("prod", "fail"), ("dev", "pass"), ("prod", "pass")):
        history.invoke(history.place(environment, None), [history.result(TEST, status, history.now)])
        history.now += timedelta(days=1)
    with loaded(history, tmp_path) as wh:
        wh.prune((history.now - timedelta(days=2, hours=12)).replace(tzinfo=None), keep_daily_rates=True, dry_run=False)
        query = "SELECT environment FROM v1.materialization_waste WHERE reason = 'never_failed'"
        assert wh.sql(query).fetchall() == [("dev",)]


def test_a_diagnosis_is_of_the_command_that_executes(history: History, tmp_path: Path) -> None:
    history.invoke(history.place("prod", None), [history.result(STAGED, "error", history.now)])
    history.count -= 1  # the same invocation, in a long-lived process
    history.now += timedelta(minutes=1)
    folder = history.folder / "environment=prod" / "docs"
    history.count += 1
    history.invoke(folder, [history.result(STAGED, "success", history.now)], command="generate")
    with loaded(history, tmp_path) as wh:
        found = wh.diagnose("shop 1")
        assert (found.run["command"], len(found.failures)) == ("build", 1)


def test_a_source_that_left_the_project_is_not_stale(history: History, tmp_path: Path) -> None:
    history.has_manifests = True
    for source, status in (("gone", "error"), ("orders", "pass")):
        folder = history.place("prod", None)
        row = {"unique_id": f"source.shop.raw.{source}", "status": status, "snapshotted_at": clock(history.now)}
        row |= {"max_loaded_at": clock(history.now), "max_loaded_at_time_ago_in_s": 1.0}
        history.write_check(folder, row)
        history.now += timedelta(minutes=1)
    history.invoke(history.place("prod", None), [history.result(STAGED, "success", history.now)])
    with loaded(history, tmp_path) as wh:
        assert wh.check(freshness="error").is_passed


@pytest.mark.parametrize("window", ["999999d", "9w"])
def test_a_window_may_be_longer_than_all_of_history(history: History, tmp_path: Path, window: str) -> None:
    history.invoke(history.place("prod", None), [history.result(STAGED, "success", history.now)])
    loaded(history, tmp_path).close()
    call = ["check", str(tmp_path / "wh.duckdb"), "--max-failure-rate", "5%", "--window", window]
    assert run(*call).exit_code == 0


def test_a_limit_in_percent_is_the_limit_itself(history: History, tmp_path: Path) -> None:
    tests = [history.result(f"test.shop.t{n}", "fail" if n < 7 else "pass", history.now) for n in range(1000)]
    history.invoke(history.place("prod", None), tests)
    loaded(history, tmp_path).close()
    call = ["check", str(tmp_path / "wh.duckdb"), "--now", "2026-03-02T00:00", "--max-test-failure-rate"]
    codes = {rate: run(*call, rate).exit_code for rate in ("0.7%", "0.007", "0.6%", "nan", "x")}
    assert codes == {"0.7%": 0, "0.007": 0, "0.6%": 1, "nan": 2, "x": 2}
