"""The views of operations on real runs whose episodes were made on purpose, as sample_artifacts/story.py tells them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from testdata import ROOT

from artifact_warehouse import Warehouse

EPISODES = ROOT / "sample_artifacts" / "episodes.tar.xz"
IN_TIME = "test.harbor_cafe.assert_loyalty_report_in_time"


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse of the two weeks alone."""
    with Warehouse(tmp_path_factory.mktemp("episodes") / "wh.duckdb") as wh:
        wh.load(EPISODES)
        yield wh


def rows(wh: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return wh.connection.execute(query).fetchall()


def test_what_became_slow_has_its_days_and_the_change_that_came_with_it(episodes: Warehouse) -> None:
    found = rows(
        episodes,
        "SELECT split_part(unique_id, '.', 3), dayofmonth(began_at), dayofmonth(ended_at), is_confirmed, changes, "
        "changed_fields, slowdown_ratio > 2 FROM v1.execution_time_regressions ORDER BY began_at",
    )
    assert found == [
        ("rpt_till_gaps", 14, 17, True, [], None, True),
        ("rpt_table_turns", 16, 20, True, ["definition"], ["raw_code"], True),
    ]


def test_what_is_slow_ends_the_critical_path_of_its_nights(episodes: Warehouse) -> None:
    """It outweighs all else, so its drag is most of what it takes; on the 16th, two slow models hide each other's."""
    found = rows(
        episodes,
        "SELECT DISTINCT dayofmonth(invocations.started_at), split_part(paths.unique_id, '.', 3) "
        "FROM v1.critical_paths AS paths "
        "INNER JOIN v1.invocations USING (invocation_id, command) "
        "WHERE paths.path = 'theoretical' AND paths.unique_id LIKE 'model.%' AND paths.drag_seconds > 1 "
        "ORDER BY 1",
    )
    assert found == [
        *((14, "rpt_till_gaps"), (15, "rpt_till_gaps")),
        *((17, "rpt_table_turns"), (18, "rpt_table_turns"), (19, "rpt_table_turns")),
    ]


def test_only_the_test_that_flipped_is_flaky(episodes: Warehouse) -> None:
    """It fell to the clock on three nights: twice nothing was rebuilt before it passed, once the next night built anew.

    Its twin, which only warns, is none.
    """
    assert rows(
        episodes,
        "SELECT unique_id, flip_count, failure_count, recovery_count, rebuild_count, executed_count, "
        "dayofmonth(last_flip_at) FROM v1.flaky_tests",
    ) == [(IN_TIME, 2, 3, 3, 1, 17, 18)]
    assert rows(
        episodes,
        "SELECT dayofmonth(last_failed_at), dayofmonth(recovered_at), explanation FROM v1.test_recoveries ORDER BY ALL",
    ) == [(12, 12, None), (15, 16, "rebuild"), (18, 18, None), (19, 19, "source")]


def test_every_failure_is_an_incident_from_its_first_night_to_its_last(episodes: Warehouse) -> None:
    found = rows(
        episodes,
        "SELECT resource_type, split_part(unique_id, '.', 3), dayofmonth(opened_at), dayofmonth(last_failed_at), "
        "dayofmonth(closed_at), failure_count, opening_changed_fields, closing_changed_fields, is_parent_failing "
        "FROM v1.failure_incidents ORDER BY 3, unique_id",
    )
    code = ["raw_code"]
    assert found == [
        ("model", "int_order_totals", 10, 10, 10, 1, None, None, False),
        ("model", "rpt_product_sales", 10, 10, 10, 1, None, None, False),
        ("model", "rpt_product_sales", 11, 12, 13, 2, code, code, False),
        ("test", "assert_loyalty_report_in_time", 12, 12, 12, 1, None, None, False),
        ("test", "assert_loyalty_report_in_time", 15, 15, 16, 1, None, None, False),
        ("test", "assert_loyalty_report_in_time", 18, 18, 18, 1, None, None, False),
        ("test", "source_not_null_pos_till_pings_pinged_at", 19, 19, 19, 1, None, None, False),
    ]


def test_what_a_failure_took_with_it_is_skipped_for_it(episodes: Warehouse) -> None:
    assert rows(
        episodes,
        "SELECT DISTINCT dayofmonth(invocations.started_at) "
        "FROM v1.skips INNER JOIN v1.invocations USING (invocation_id, command) ORDER BY 1",
    ) == [(10,), (11,), (12,), (19,)]


def test_the_retry_and_its_build_are_one_run_that_succeeded(episodes: Warehouse) -> None:
    assert rows(
        episodes,
        "SELECT dayofmonth(started_at), invocation_count, retry_count, is_success, recovered_count > 0 "
        "FROM v1.logical_runs WHERE job_name = 'nightly' AND invocation_count > 1",
    ) == [(10, 2, 1, True, True)]
    assert rows(
        episodes,
        "SELECT sum(run_count), sum(success_count), sum(recovered_count) "
        "FROM v1.logical_run_success_rates WHERE job_name = 'nightly'",
    ) == [(15, 10, 1)]


def test_tables_that_were_built_though_nothing_had_come_are_waste(episodes: Warehouse) -> None:
    """Two nights had no new data: one more table each, of those whose every source is watched."""
    found = dict(
        rows(
            episodes,
            "SELECT split_part(unique_id, '.', 3), wasted_count FROM v1.materialization_waste "
            "WHERE reason = 'unchanged_sources' AND wasted_count > 0",
        )
    )
    assert found["rpt_till_gaps"] == 2
    assert set(found.values()) == {2}


def test_a_diagnosis_of_a_slow_night_names_the_model_and_the_change(episodes: Warehouse) -> None:
    [[night]] = rows(
        episodes,
        "SELECT invocation_id FROM v1.invocations WHERE command = 'build' AND dayofmonth(started_at) = 18",
    )
    found = episodes.diagnose(night)
    assert [(row["unique_id"], row["changed_fields"]) for row in found.slow] == [
        ("model.harbor_cafe.rpt_table_turns", ["raw_code"])
    ]
    assert [row["unique_id"] for row in found.failures] == [IN_TIME]
    assert [(row["unique_id"], row["is_failing_here"]) for row in found.flaky_tests] == [(IN_TIME, True)]


def test_a_replay_at_its_own_number_of_threads_takes_as_long_as_the_run(episodes: Warehouse) -> None:
    """Builds of the same project with 1, 2, 4 and 8 threads."""
    found = rows(
        episodes,
        "SELECT threads, (SELECT max(abs(elapsed_seconds / observed_seconds - 1)) "
        "FROM v1.simulate_run(invocations.invocation_id, NULL)) "
        "FROM v1.invocations WHERE job_name = 'threads' ORDER BY 1",
    )
    assert [threads for threads, _ in found] == [1, 2, 4, 8]
    for threads, error in found:
        assert error < 0.1, f"{error:.1%} at {threads} threads"
