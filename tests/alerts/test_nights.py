"""The nights of the samples, one after the other, through `notify` into a receiver: people are told what
sample_artifacts/story.py tells, in its order, and once.

The calls of dbt are loaded as the night goes on. `notify` is called at 04:00 UTC, after the build; at 07:05, after the
freshness checks and after the promise of 08:00 in Berlin; and at 12:30, after all that people repaired by hand.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from disturbed import Moment, command, environment, stop_at
from receiver import Call, Receiver, calls, unpack_episodes
from testdata import made_once

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

CLOCKS = {
    "early": timedelta(hours=4),
    "morning": timedelta(hours=7, minutes=5),
    "noon": timedelta(hours=12, minutes=30),
}
FIRST = datetime(2026, 11, 1)

LOYALTY = "assert_loyalty_report_in_time"
FAILS_BY_CAFE = "relationships_fct_orders_cafe_id__cafe_id__ref_cafes_"
DASHBOARD = "Harbour dashboard"
ALL_SOURCES = ("loyalty.guests", "port.ferry_arrivals", "pos.orders", "pos.payments", "pos.till_pings")

EXPECTED = {
    # Payments warn; no model of the dashboard reads them. The next morning models fail and ferries cannot be checked.
    # The models are repaired by hand; ferries pass the morning after, and so the dashboard is ready again.
    (2, "morning"): [("source_late", "pos.payments")],
    (3, "early"): [("failed", "int_order_totals", "rpt_product_sales", "stg_ferry_arrivals")],
    (3, "morning"): [
        ("source_fresh", "pos.payments"),
        ("source_late", "port.ferry_arrivals"),
        ("promise_broken", DASHBOARD),
    ],
    (3, "noon"): [("recovered", "int_order_totals", "rpt_product_sales", "stg_ferry_arrivals")],
    (4, "morning"): [
        ("source_fresh", "port.ferry_arrivals"),
        ("promise_kept", DASHBOARD),
        ("source_late", "loyalty.guests"),
    ],
    # A café that is not in the seed, for two nights; in the second one the ferry table is gone again.
    (5, "early"): [("failed", FAILS_BY_CAFE)],
    (5, "morning"): [("promise_broken", DASHBOARD)],
    (6, "early"): [("failed", "stg_ferry_arrivals"), ("still_failing", FAILS_BY_CAFE)],
    (6, "morning"): [("source_fresh", "loyalty.guests"), ("promise_broken", DASHBOARD)],
    (7, "early"): [("recovered", FAILS_BY_CAFE, "stg_ferry_arrivals"), ("promise_kept", DASHBOARD)],
    # A quantity is no number; repaired by hand in the morning.
    (10, "early"): [("failed", "int_order_totals", "rpt_product_sales")],
    (10, "morning"): [("promise_broken", DASHBOARD)],
    (10, "noon"): [("recovered", "int_order_totals", "rpt_product_sales"), ("promise_kept", DASHBOARD)],
    # A commit breaks a report for two nights. On the second one the run is late, and so is another report.
    (11, "early"): [("failed", "rpt_product_sales")],
    (12, "early"): [("still_failing", "rpt_product_sales"), ("run_came", "nightly"), ("failed", LOYALTY)],
    (12, "noon"): [("flaky", LOYALTY)],
    (13, "early"): [("recovered", "rpt_product_sales")],
    # The run is late again. Pings flood in for three nights, the third of which confirms that a model is slower.
    (15, "early"): [("run_came", "nightly"), ("failed", LOYALTY)],
    (16, "early"): [("slower", "rpt_till_gaps"), ("recovered", LOYALTY)],
    # Late again; a commit of the 16th made another model slower, which this night confirms.
    (18, "early"): [("slower", "rpt_table_turns"), ("run_came", "nightly"), ("failed", LOYALTY)],
    (18, "noon"): [("flaky", LOYALTY)],
    # A ping without a time, mended before noon.
    (19, "early"): [("failed", "source_not_null_pos_till_pings_pinged_at")],
    (19, "noon"): [("recovered", "source_not_null_pos_till_pings_pinged_at")],
    # No new data, for two days: on Sunday nothing is promised.
    (22, "morning"): [("source_late", *ALL_SOURCES)],
    (23, "morning"): [
        ("source_late", "loyalty.guests", "pos.orders", "pos.payments", "pos.till_pings"),
        ("promise_broken", DASHBOARD),
    ],
}  # fmt: skip
"""By day of November and time of the call: the kind of each message and what it names."""

QUIET_NIGHTS = {1, 8, 9, 14, 17, 20, 21}


def config(url: str) -> dict[str, Any]:
    promise = {"exposure": "harbour_dashboard", "environment": "prod", "by": "08:00"}
    schedule = {"job": "nightly", "environment": "prod", "cron": "10 3 * * *", "timezone": "UTC", "grace": "20m"}
    return {
        "alerts": {
            "timezone": "Europe/Berlin",
            "environments": ["prod"],
            "channels": {"oncall": {"webhook": url}},
            "promises": [promise],
            "schedules": [schedule],
        }
    }


@pytest.fixture(scope="session")
def script(shared_folder: Path) -> list[Call]:
    return calls(made_once(shared_folder / "episodes", unpack_episodes))


def moments(script: list[Call], days: range) -> Iterator[tuple[int, str, datetime, list[Path]]]:
    """Each call of `notify`: its day and name, its time, and what dbt has written since the one before."""
    done = FIRST + timedelta(days=days.start - 1)
    for day in days:
        for name, clock in CLOCKS.items():
            at = FIRST + timedelta(days=day - 1) + clock
            yield day, name, at, [call.folder for call in script if done <= call.at < at]
            done = at


def told(messages: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (message["kind"], *sorted({event["name"] or event["job_name"] for event in message["events"]}))
        for message in messages
    ]


def replay(script: list[Call], days: range, wh: Warehouse, calls_at: Callable[[str], int]) -> dict[Any, Any]:
    """What each call of `notify` told, where it told anything."""
    found: dict[Any, Any] = {}
    with Receiver() as receiver:
        for day, name, at, folders in moments(script, days):
            if folders:
                wh.load(folders)
            for number in range(calls_at(name)):
                before = len(receiver.messages)
                wh.notify(config(receiver.url), now=at + timedelta(minutes=number))
                if new := told(receiver.messages[before:]):
                    assert number == 0, f"told again: {new}"
                    found[day, name] = new
    return found


@pytest.mark.release
def test_a_night_that_fails_and_is_repaired_is_told_as_it_happens(script: list[Call], warehouse: Warehouse) -> None:
    warehouse.load([call.folder for call in script if call.at.day in (8, 9) and call.environment == "prod"])
    warehouse.notify(config("http://127.0.0.1:1"), now=datetime(2026, 11, 9, 23))
    found = replay(script, range(10, 11), warehouse, lambda name: 2 if name == "noon" else 1)
    assert found == {key: value for key, value in EXPECTED.items() if key[0] == 10}


@pytest.mark.release
def test_three_weeks_are_told_as_the_script_has_them_and_nothing_twice(
    script: list[Call], warehouse: Warehouse
) -> None:
    found = replay(script, range(1, 24), warehouse, lambda name: 3)
    assert found == EXPECTED
    assert QUIET_NIGHTS.isdisjoint(day for day, _ in found)


KILLS = (
    Moment("artifact_warehouse.alerts.outbox.write_plan", "call"),
    Moment("artifact_warehouse.alerts.outbox.claim", "return"),
    Moment("artifact_warehouse.alerts.notifying._write_and_claim", "return"),
    Moment("artifact_warehouse.alerts.outbox.confirm", "call"),
    Moment("artifact_warehouse.alerts.outbox.confirm", "return"),
    Moment("artifact_warehouse.alerts.outbox.confirm", "call", 2),
)


@pytest.mark.release
def test_twenty_kills_lose_nothing_and_what_comes_twice_says_so(
    script: list[Call], tmp_path: Path, warehouse: Warehouse
) -> None:
    """Each call of `notify` that has something to tell is killed at a step, in turn, and then made again."""
    killed = 0
    with Receiver() as receiver:
        path = tmp_path / "config.toml"
        path.write_text(_toml(receiver.url))
        for day, name, at, folders in moments(script, range(1, 24)):
            if folders:
                warehouse.load(folders)
            warehouse.close()
            if (day, name) in EXPECTED and killed < 20:
                call = command("notify", warehouse.path, "--config", path, "--now", f"{at:%Y-%m-%dT%H:%M:%S}")
                steps = KILLS if len(EXPECTED[day, name]) > 1 else KILLS[:-1]  # the last one needs two messages
                moment = steps[killed % len(steps)]
                done = subprocess.run(
                    call, env=environment(65_536) | stop_at(moment, signal.SIGKILL), timeout=120, check=False
                )
                killed += done.returncode == -signal.SIGKILL
            warehouse.notify(path, now=at + timedelta(minutes=30))  # the claim of a killed call has ended
    assert killed == 20
    ids = [message["id"] for message in receiver.messages]
    for number, message in enumerate(receiver.messages):
        assert ids.count(message["id"]) <= 2
        assert message["is_repeated"] or message["id"] not in ids[:number]
    first = [message for number, message in enumerate(receiver.messages) if message["id"] not in ids[:number]]
    assert told(first) == [message for messages in EXPECTED.values() for message in messages]


def _toml(url: str) -> str:
    """The configuration as TOML. JSON's strings and numbers are TOML's."""
    alerts = config(url)["alerts"]
    lines = [
        f'[alerts]\ntimezone = "{alerts["timezone"]}"\nenvironments = ["prod"]',
        f'[alerts.channels.oncall]\nwebhook = "{url}"',
    ]
    for name in ("promises", "schedules"):
        fields = [f"{key} = {json.dumps(value)}" for key, value in alerts[name][0].items()]
        lines += [f"[[alerts.{name}]]", *fields]
    return "\n".join(lines)
