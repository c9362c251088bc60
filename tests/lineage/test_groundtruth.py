"""The resolver on the cases of other projects' tests, read from beside the checkout."""

from __future__ import annotations

import pytest
from groundtruth import Outcome, Score, describe, judge, read
from testdata import BESIDE

FOLDER = BESIDE / "column_lineage"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (FOLDER / "groundtruth.jsonl").exists(), reason="groundtruth.jsonl is not beside the checkout"
    ),
]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [judge(case) for case in read(FOLDER)]


def sound(outcomes: list[Outcome]) -> list[Outcome]:
    """Without the cases that record an answer known to be wrong."""
    return [outcome for outcome in outcomes if not outcome.case["limitation"]]


def test_nearly_every_case_of_the_ground_truth_is_exact(outcomes: list[Outcome]) -> None:
    score = Score.of(sound(outcomes))
    missed = "\n".join(describe(outcome) for outcome in sound(outcomes) if not outcome.is_exact)
    assert score.cases >= 487
    assert score.exact >= 99.0, missed
    assert score.precision >= 99.5, missed
    assert score.recall >= 99.5, missed


@pytest.mark.parametrize("suite", ["sqllineage", "datahub", "sqlglot", "recce", "openlineage", "colibri", "hand"])
def test_no_suite_is_much_worse_than_the_others(outcomes: list[Outcome], suite: str) -> None:
    of_suite = [outcome for outcome in sound(outcomes) if outcome.case["suite"] == suite]
    missed = "\n".join(describe(outcome) for outcome in of_suite if not outcome.is_exact)
    assert Score.of(of_suite).exact >= 97.0, missed


def test_kinds_agree_with_the_suites_that_have_them(outcomes: list[Outcome]) -> None:
    kinds = [kind for outcome in sound(outcomes) for kind in outcome.kinds]
    agreeing = sum(expected == given for _, expected, given in kinds)
    assert len(kinds) >= 279
    assert agreeing / len(kinds) >= 0.96  # one suite calls every column of a UNION derived


def test_indirect_uses_agree_with_the_suites_that_have_them(outcomes: list[Outcome]) -> None:
    uses = [outcome.uses for outcome in sound(outcomes) if outcome.uses]
    found = sum(len(expected & given) for expected, given in uses)
    assert len(uses) >= 121
    assert found / sum(len(expected) for expected, _ in uses) >= 0.91  # two conventions differ: see groundtruth.py
