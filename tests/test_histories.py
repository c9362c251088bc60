"""Incidents, reliability, flaky tests, regressions and logical runs: as a plain reading of the same files has them."""

from __future__ import annotations

import json
import random
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLES
from histories import History, write_history
from history_oracle import Histories, Incident, Run, regressions
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from artifact_warehouse import Warehouse

KEY = "project_name, environment, unique_id"
VIEWS = [
    *("failure_incidents", "reliability", "test_recoveries", "flaky_tests", "execution_time_regressions"),
    *("logical_runs", "logical_run_nodes", "logical_run_success_rates"),
]


def rows(wh: Warehouse, query: str) -> list[tuple]:
    return wh.sql(query).fetchall()


def check_incidents(wh: Warehouse, expected: Histories) -> int:
    query = f"""SELECT {KEY}, opened_at, last_failed_at, closed_at, failure_count, skipped_run_count, absent_run_count,
        missed_run_count, first_invocation_id, last_invocation_id, closing_invocation_id, recovery_seconds,
        is_opened_with_change, is_closed_with_change, failing_parent_unique_ids FROM v1.failure_incidents"""
    wanted = []
    for key, incidents in expected.incidents.items():
        for incident in incidents:
            skipped, absent = expected.missed(key, incident)
            first, last, closing = incident.failures[0], incident.failures[-1], incident.closing
            wanted.append(
                (
                    *(*key, first.at, last.at, closing and closing.at, len(incident.failures)),
                    *(skipped, absent, skipped + absent),
                    *(first.run.invocation_id, last.run.invocation_id, closing and closing.run.invocation_id),
                    closing and (closing.at - first.at).total_seconds(),
                    *changed(key[2], incident),
                    expected.failing_parents(key, incident),
                )
            )
    assert sorted(map(repr, rows(wh, query))) == sorted(map(repr, wanted))
    return len(wanted)


def changed(node: str, incident: Incident) -> tuple[bool | None, bool | None]:
    before, closing = incident.before, incident.closing
    first, last = incident.failures[0].run, incident.failures[-1].run
    return (
        first.definition(node) != before.run.definition(node) if before else None,
        last.definition(node) != closing.run.definition(node) if closing else None,
    )


def check_reliability(wh: Warehouse, expected: Histories) -> None:
    query = f"""SELECT {KEY}, executed_count, failure_count, incident_count, closed_incident_count, failed_seconds,
        mean_time_between_failures_seconds, mean_time_to_recovery_seconds FROM v1.reliability"""
    found = {row[:3]: row[3:] for row in rows(wh, query)}
    for key, outcomes in expected.by_node.items():
        executed = [outcome for outcome in outcomes if outcome.is_executed]
        if not executed:
            assert key not in found
            continue
        incidents = expected.incidents[key]
        over = [(i.closing.at - i.opened_at).total_seconds() for i in incidents if i.closing]
        failed = sum(over) + sum((i.failures[-1].at - i.opened_at).total_seconds() for i in incidents if not i.closing)
        working = (executed[-1].at - executed[0].at).total_seconds() - failed
        counts = (len(executed), sum(o.outcome == "failure" for o in executed), len(incidents), len(over))
        assert found.pop(key) == (
            *counts,
            pytest.approx(failed),
            pytest.approx(working / len(incidents)) if incidents else None,
            pytest.approx(statistics.fmean(over)) if over else None,
        )
    assert not found


def check_recoveries(wh: Warehouse, expected: Histories) -> Counter:
    wanted = {
        (*key, incident.closing.at): expected.explanation(key, incident)
        for key, incidents in expected.incidents.items()
        if key[2].startswith(("test.", "unit_test."))
        for incident in incidents
        if incident.closing
    }
    query = f"SELECT {KEY}, recovered_at, explanation, is_source_unchecked FROM v1.test_recoveries"
    assert {row[:4]: row[4:] for row in rows(wh, query)} == wanted
    flips = Counter(key[:3] for key, (reason, _) in wanted.items() if reason is None)
    all_of = Counter(key[:3] for key in wanted)
    flaky = {row[:3]: row[3:] for row in rows(wh, f"SELECT {KEY}, flip_count, explained_count FROM v1.flaky_tests")}
    assert flaky == {key: (count, all_of[key] - count) for key, count in flips.items()}
    return Counter(reason for reason, _ in wanted.values())


def check_logical_runs(wh: Warehouse, expected: Histories) -> list[list[list[Run]]]:
    wanted, nodes = {}, {}
    logical = expected.logical_runs()
    for steps in logical:
        runs = sorted((run for step in steps for run in step), key=lambda run: run.place)
        first, final = runs[0], {}
        for outcome in (outcome for run in runs for outcome in run.outcomes):
            best = final.get(outcome.node)
            if best is None or (outcome.is_executed, outcome.place) > (best.is_executed, best.place):
                final[outcome.node] = outcome
        classes = Counter(outcome.outcome for outcome in final.values())
        executed = classes["success"] + classes["warn"] + classes["failure"]
        is_success = classes["failure"] == 0 if executed else None
        is_success = False if any(step[-1].is_aborted for step in steps) else is_success
        key = (first.invocation_id, first.command)
        ids = [run.invocation_id for run in runs]
        wanted[key] = (len(steps), ids, is_success, executed, classes["failure"], classes["skipped"])
        nodes |= {(*key, node): (o.status, o.run.invocation_id) for node, o in final.items()}
    query = """SELECT invocation_id, command, step_count, invocation_ids, is_success, executed_count, failure_count,
        skipped_count FROM v1.logical_runs"""
    assert {row[:2]: row[2:] for row in rows(wh, query)} == wanted
    query = "SELECT invocation_id, command, unique_id, status, last_invocation_id FROM v1.logical_run_nodes"
    assert {row[:3]: row[3:] for row in rows(wh, query)} == nodes
    [(counted,)] = rows(wh, "SELECT sum(run_count) FROM v1.logical_run_success_rates")
    assert (counted or 0) == sum(row[2] is not None for row in wanted.values())
    return logical


def check_regressions(wh: Warehouse, expected: Histories) -> list[dict[str, Any]]:
    series = defaultdict(list)
    for key, outcomes in expected.by_node.items():
        for outcome in outcomes:
            if outcome.outcome in ("success", "warn"):
                materialized = outcome.run.nodes.get(key[2], {}).get("config", {}).get("materialized")
                series[*key, materialized, outcome.run.is_full_refresh].append(outcome)
    wanted = [(*key, *row.values()) for key, found in series.items() for row in regressions(found)]
    query = f"""SELECT {KEY}, materialized, is_full_refresh, began_at, ended_at, is_confirmed, regressed_seconds,
        limit_seconds, changes, execution_count FROM v1.execution_time_regressions"""
    assert sorted(map(repr, rows(wh, query))) == sorted(map(repr, wanted))
    return [row for found in series.values() for row in regressions(found)]


def check_all(wh: Warehouse, expected: Histories) -> None:
    check_incidents(wh, expected)
    check_reliability(wh, expected)
    check_recoveries(wh, expected)
    check_logical_runs(wh, expected)
    check_regressions(wh, expected)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The histories of sixty projects."""
    folder = tmp_path_factory.mktemp("histories")
    rng = random.Random(7)
    for number in range(60):
        write_history(folder, f"shop{number}", rng, rng.randrange(1, 25))
    return folder


@pytest.fixture(scope="module")
def many_loaded(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("loaded") / "wh.duckdb"
    Warehouse(path).load(many)
    with Warehouse(path, read_only=True) as wh:
        yield wh


def test_incidents_of_random_histories_are_those_of_a_plain_reading(many: Path, many_loaded: Warehouse) -> None:
    assert check_incidents(many_loaded, Histories(many)) > 300


def test_reliability_of_random_histories_is_that_of_a_plain_reading(many: Path, many_loaded: Warehouse) -> None:
    check_reliability(many_loaded, Histories(many))


def test_every_recovery_of_random_histories_has_the_explanation_of_a_plain_reading(
    many: Path, many_loaded: Warehouse
) -> None:
    reasons = check_recoveries(many_loaded, Histories(many))
    assert all(reasons[reason] >= 3 for reason in ("rebuild", "definition", "source", "unknown", None)), reasons


def test_logical_runs_of_random_histories_are_those_of_a_plain_reading(many: Path, many_loaded: Warehouse) -> None:
    logical = check_logical_runs(many_loaded, Histories(many))
    assert max(len(steps) for steps in logical) > 2
    assert max(len(step) for steps in logical for step in steps) > 2


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 15))
def test_any_history_is_read_as_plainly(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    folder = tmp_path_factory.mktemp("history")
    write_history(folder, "shop", random.Random(seed), steps)
    with Warehouse(tmp_path_factory.mktemp("wh") / "wh.duckdb") as wh:
        wh.load(folder)
        check_all(wh, Histories(folder))


def test_the_order_of_loading_does_not_matter(many: Path, many_loaded: Warehouse, tmp_path: Path) -> None:
    files = [path for path in sorted(many.rglob("*.json")) if re.search(r"/shop[0-5]_", str(path))]
    answers = []
    for seed in (1, 2):
        with Warehouse(tmp_path / f"{seed}.duckdb") as wh:
            shuffled = random.Random(seed).sample(files, len(files))
            for part in range(4):
                wh.load(shuffled[part::4])
            answers.append({view: sorted(map(repr, rows(wh, f"FROM v1.{view}"))) for view in VIEWS})
    assert answers[0] == answers[1]
    assert len(answers[0]["failure_incidents"]) > 20


def one_by_one(folder: Path, seconds: list[float], **changes: dict[str, Any]) -> Histories:
    """A history of builds, one a day, of one model: how long it takes each time, and what changes from which day on."""
    history = History(folder, "shop", random.Random(1))
    history.has_manifests = True
    options: dict[str, Any] = {}
    for day, taken in enumerate(seconds):
        for name, (from_day, value) in changes.items():
            if day == from_day:
                options[name] = value
        history.code["model.shop.staged"] = options.get("code", 0)
        history.materialized["model.shop.staged"] = options.get("materialized", "table")
        place = history.place("prod", None)
        row = history.result("model.shop.staged", "success", history.now + timedelta(seconds=60), taken)
        row["adapter_response"] = {"rows_affected": options.get("rows", 100)}
        given_options = {name: options[name] for name in ("threads", "dbt_version", "full_refresh") if name in options}
        history.invoke(place, [row], **given_options)
        history.now += timedelta(days=1)
    return Histories(folder)


def regressions_of(folder: Path, seconds: list[float], **changes: dict[str, Any]) -> list[dict[str, Any]]:
    """What view and oracle agree on."""
    expected = one_by_one(folder / "artifacts", seconds, **changes)
    with Warehouse(folder / "wh.duckdb") as wh:
        wh.load(folder / "artifacts")
        return check_regressions(wh, expected)


STEADY = [10.0, 10.4, 9.8, 10.1, 9.9, 10.2, 10.3, 9.7]
SLOW = [20.0, 21.0, 19.5, 20.5]


@pytest.mark.parametrize(
    "changes, found",
    [
        ({}, []),
        ({"code": (8, 1)}, ["definition"]),
        ({"threads": (8, 1)}, ["threads"]),
        ({"dbt_version": (8, "1.11.0"), "rows": (8, 200)}, ["dbt_version", "rows_affected"]),
        ({"code": (7, 1), "rows": (8, 120)}, []),
    ],
)
def test_a_regression_has_its_day_and_the_change_that_came_with_it(
    tmp_path: Path, changes: dict[str, Any], found: list[str]
) -> None:
    [regression] = regressions_of(tmp_path, STEADY + SLOW + STEADY, **changes)
    assert regression["began_at"].day == 9
    assert regression["ended_at"].day == 13
    assert regression["changes"] == found
    assert regression["regressed"] == 20.0


@pytest.mark.parametrize(
    "seconds, changes",
    [
        ([time / 1000 for time in STEADY + SLOW], {}),  # twice as long, by milliseconds
        (STEADY + [14.9] * 9, {}),  # by less than half
        (STEADY + [40.0, 41.0] + STEADY, {}),  # twice only
        (STEADY[:2] + SLOW, {}),  # too short a past
        ([10.0, 30.0, 20.0] * 3 + [34.0] * 4, {}),  # in a past that varies as much
        (STEADY + SLOW, {"full_refresh": (8, True)}),  # other executions
        (STEADY + SLOW, {"materialized": (8, "incremental")}),
    ],
)
def test_what_is_no_regression(tmp_path: Path, seconds: list[float], changes: dict[str, Any]) -> None:
    assert regressions_of(tmp_path, seconds, **changes) == []


def test_what_became_slow_last_is_not_confirmed_yet(tmp_path: Path) -> None:
    [regression] = regressions_of(tmp_path, STEADY + SLOW[:2])
    assert not regression["is_confirmed"]
    assert regression["ended_at"] is None


def test_regressions_of_random_times_are_those_of_a_plain_reading(tmp_path: Path) -> None:
    """Levels that hold for a while, noise, outliers, and what they are compared by changing on the way."""
    rng = random.Random(11)
    for number in range(40):
        history = History(tmp_path / "artifacts", f"shop{number}", rng)
        history.has_manifests = True
        level, options = 5.0, {"threads": 4, "dbt_version": "1.10.1", "full_refresh": False}
        for _ in range(rng.randrange(5, 60)):
            level = rng.choice((1.0, 3.0, 5.0, 9.0, 20.0)) if rng.random() < 0.12 else level
            options |= {"threads": rng.choice((4, 8))} if rng.random() < 0.1 else {}
            options |= {"full_refresh": rng.random() < 0.05}
            node = f"model.shop{number}.staged"
            history.materialized[node] = rng.choice(("table", "incremental")) if rng.random() < 0.03 else "table"
            history.change_something()
            place = history.place("prod", None)
            taken = level * rng.choice((0.9, 1.0, 1.0, 1.1, 1.3)) * rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 4))
            row = history.result(
                node, rng.choice(("success", "success", "success", "error")), history.now, round(taken, 3)
            )
            row["adapter_response"] = {"rows_affected": rng.choice((-1, 100, 100, 400))}
            history.invoke(place, [row], **options)
            history.now += timedelta(hours=rng.choice((1, 24)))
    expected = Histories(tmp_path / "artifacts")
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "artifacts")
        found = check_regressions(wh, expected)
    assert len(found) > 15
    assert any(row["ended_at"] for row in found)
    assert {name for row in found for name in row["changes"]} >= {"definition", "threads"}


def test_the_samples_are_read_as_plainly(sample_warehouse: Warehouse) -> None:
    expected = Histories(SAMPLES)
    assert check_incidents(sample_warehouse, expected) == 6
    check_reliability(sample_warehouse, expected)
    check_recoveries(sample_warehouse, expected)
    check_regressions(sample_warehouse, expected)
    logical = check_logical_runs(sample_warehouse, expected)
    assert [len(run) for steps in logical for run in steps].count(2) == 1


NIGHTS = "nightly_1.10"


@pytest.fixture(scope="module")
def nights(
    real_runs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Histories, list[dict]]]:
    """Thirty nights of a real project, a plain reading of them, and what the script did to each."""
    path = tmp_path_factory.mktemp("nights") / "wh.duckdb"
    Warehouse(path).load(real_runs / NIGHTS)
    done = json.loads((real_runs / NIGHTS / "nights.log.meta").read_text())
    with Warehouse(path, read_only=True) as wh:
        yield wh, Histories(real_runs / NIGHTS), done


@pytest.mark.corpus
def test_thirty_nights_are_read_as_plainly(nights: tuple[Warehouse, Histories, list[dict]]) -> None:
    wh, expected, _ = nights
    assert check_incidents(wh, expected) == 17
    check_reliability(wh, expected)
    check_recoveries(wh, expected)
    check_regressions(wh, expected)
    check_logical_runs(wh, expected)


@pytest.mark.corpus
def test_logical_runs_are_the_nights_of_the_script(nights: tuple[Warehouse, Histories, list[dict]]) -> None:
    """A night succeeded when its build did, or its retry: by the exit codes that the script saw."""
    wh, _, done = nights
    found = rows(wh, "SELECT invocation_count, retry_count, is_success FROM v1.logical_runs ORDER BY generated_at")[
        -30:
    ]
    retried = [night["retry_rc"] is not None for night in done]
    codes = [night["rc"] if night["retry_rc"] is None else night["retry_rc"] for night in done]
    assert found == [(1 + has, int(has), code == 0) for has, code in zip(retried, codes, strict=True)]


def night_of(wh: Warehouse, node: str) -> list[tuple[int, int | None]]:
    """(night of the first failure, night of the recovery) of every incident of a node, by the order of the builds."""
    nights = {}
    for run in rows(wh, "SELECT invocation_id, invocation_ids FROM v1.logical_runs ORDER BY generated_at")[-30:]:
        nights |= dict.fromkeys(run[1], len(set(nights.values())) + 1)
    query = "SELECT first_invocation_id, closing_invocation_id FROM v1.failure_incidents WHERE unique_id LIKE ?"
    found = wh.sql(query + " ORDER BY opened_at", [node]).fetchall()
    return [(nights[first], nights.get(closing)) for first, closing in found if first in nights]


@pytest.mark.corpus
def test_incidents_begin_and_end_with_what_the_script_did(nights: tuple[Warehouse, Histories, list[dict]]) -> None:
    """`bad_amount` breaks the cast of the payments, `crm_gone` takes the agents' table away: on these nights alone.

    The night after, the data is whole again. `flaky` makes flaky_lookup fail; on night 7 it still failed from night 6.
    """
    wh, _, done = nights
    for defect, node in (("bad_amount", "%.stg_shop__payments"), ("crm_gone", "%.stg_crm__agents")):
        broken = [night["night"] for night in done if defect in night["bad"]]
        found = night_of(wh, node)
        assert [first for first, _ in found] == broken
        assert all(closing is None or closing - first <= 1 for first, closing in found)
    flaky = [night["night"] for night in done if night["flaky"]]
    assert [first for first, _ in night_of(wh, "%.flaky_lookup")] == [night for night in flaky if night != 7]


@pytest.mark.corpus
def test_the_only_flips_are_of_a_test_whose_source_was_mended_before_the_retry(
    nights: tuple[Warehouse, Histories, list[dict]],
) -> None:
    """On nights 3 and 8 the orphans went before the retry: nothing was rebuilt, and nobody asked for the freshness."""
    wh, _, done = nights
    query = (
        "SELECT passing_invocation_id, is_source_unchecked FROM v1.test_recoveries WHERE is_flip ORDER BY recovered_at"
    )
    mended = [night["night"] for night in done if night["retry_rc"] == 0 and "orphans" in night["bad"]]
    runs = rows(wh, "SELECT invocation_ids FROM v1.logical_runs ORDER BY generated_at")[-30:]
    assert rows(wh, query) == [(runs[night - 1][0][-1], True) for night in mended]
    assert rows(wh, "SELECT flip_count, unchecked_flip_count FROM v1.flaky_tests") == [(2, 2)]
