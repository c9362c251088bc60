"""Incidents, reliability, flaky tests and logical runs: as a plain reading of the same files has them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from histories import write_history
from history_checks import (
    check_incidents,
    check_logical_runs,
    check_recoveries,
    check_regressions,
    check_reliability,
    rows,
)
from history_oracle import Histories
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from testdata import SAMPLES

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

VIEWS = [
    *("failure_incidents", "reliability", "test_recoveries", "flaky_tests", "execution_time_regressions"),
    *("logical_runs", "logical_run_nodes", "logical_run_success_rates"),
]


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


SEEDS = {"seed": st.integers(0, 2**32), "steps": st.integers(1, 15)}
PHASES = [Phase.explicit, Phase.generate]


@settings(max_examples=4, deadline=None, phases=PHASES)
@given(**SEEDS)
def test_any_history_is_read_as_plainly(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    check_a_history(tmp_path_factory, seed, steps)


@pytest.mark.release
@settings(max_examples=40, deadline=None, phases=PHASES)
@given(**SEEDS)
def test_many_histories_are_read_as_plainly(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    check_a_history(tmp_path_factory, seed, steps)


def check_a_history(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    folder = tmp_path_factory.mktemp("history")
    write_history(folder, "shop", random.Random(seed), steps)
    with Warehouse(tmp_path_factory.mktemp("wh") / "wh.duckdb") as wh:
        wh.load(folder)
        check_all(wh, Histories(folder))


@pytest.mark.release
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


BUILDS = "FROM v1.logical_runs WHERE command <> 'source freshness' ORDER BY generated_at"


@pytest.mark.release
@pytest.mark.corpus
def test_thirty_nights_are_read_as_plainly(nights: tuple[Warehouse, Histories, list[dict]]) -> None:
    wh, expected, _ = nights
    assert check_incidents(wh, expected) == 17
    check_reliability(wh, expected)
    check_recoveries(wh, expected)
    check_regressions(wh, expected)
    check_logical_runs(wh, expected)


@pytest.mark.release
@pytest.mark.corpus
def test_logical_runs_are_the_nights_of_the_script(nights: tuple[Warehouse, Histories, list[dict]]) -> None:
    """A night succeeded when its build did, or its retry: by the exit codes that the script saw."""
    wh, _, done = nights
    found = rows(wh, f"SELECT invocation_count, retry_count, is_success {BUILDS}")[-30:]
    retried = [night["retry_rc"] is not None for night in done]
    codes = [night["rc"] if night["retry_rc"] is None else night["retry_rc"] for night in done]
    assert found == [(1 + has, int(has), code == 0) for has, code in zip(retried, codes, strict=True)]


def night_of(wh: Warehouse, node: str) -> list[tuple[int, int | None]]:
    """(night of the first failure, night of the recovery) of every incident of a node, by the order of the builds."""
    nights = {}
    for run in rows(wh, f"SELECT invocation_id, invocation_ids {BUILDS}")[-30:]:
        nights |= dict.fromkeys(run[1], len(set(nights.values())) + 1)
    query = "SELECT first_invocation_id, closing_invocation_id FROM v1.failure_incidents WHERE unique_id LIKE ?"
    found = wh.sql(query + " ORDER BY opened_at", [node]).fetchall()
    return [(nights[first], nights.get(closing)) for first, closing in found if first in nights]


@pytest.mark.release
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


@pytest.mark.release
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
    runs = rows(wh, f"SELECT invocation_ids {BUILDS}")[-30:]
    assert rows(wh, query) == [(runs[night - 1][0][-1], True) for night in mended]
    assert rows(wh, "SELECT flip_count, unchecked_flip_count FROM v1.flaky_tests") == [(2, 2)]
