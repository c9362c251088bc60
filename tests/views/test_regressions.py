"""Regressions of execution times: when they began, what came with them, and what is none."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from histories import History
from history_checks import check_regressions
from history_oracle import Histories

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow


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
        ([*STEADY, *[14.9] * 9], {}),  # by less than half
        ([*STEADY, 40.0, 41.0, *STEADY], {}),  # twice only
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
