"""From events and what was told to messages: who is told, once, and in how many messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from artifact_warehouse.alerts.composing import Plan, Told, compose
from artifact_warehouse.alerts.events import Event
from artifact_warehouse.alerts.settings import Alerts, alerts_of
from artifact_warehouse.alerts.subjects import Exposure, Subject

NOW = datetime(2026, 11, 10, 12)
HOUR = timedelta(hours=1)
BEGAN = NOW - timedelta(days=3)
ORDERS = Subject(
    *("model.shop.orders", "orders", "model", "models/marts/orders.sql"),
    tags=("nightly",),
    group="finance",
    owners=("@ledger",),
    feeds=(Exposure("Revenue", owners=("Aino Mäki", "aino@example.com")),),
)


def settings(**values: Any) -> Alerts:
    return alerts_of({"alerts": {"channels": {"oncall": {"webhook": "http://h"}}, **values}}, "test")


def two_channels(*routes: dict[str, Any], **values: Any) -> Alerts:
    channels = {name: {"webhook": "http://h"} for name in ("oncall", "finance")}
    return settings(channels=channels, default=["oncall"], routes=[*routes], **values)


def event(kind: str = "failed", name: str = "1", hours_ago: float = 1, **values: Any) -> Event:
    fields = {"project_name": "shop", "environment": "prod", "subject": ORDERS, "unique_id": ORDERS.unique_id}
    return Event(kind, f"{kind}|{name}", NOW - hours_ago * HOUR, **{**fields, **values})


def plan(*events: Event, told: Told | None = None, using: Alerts | None = None, now: datetime = NOW) -> Plan:
    using = using or settings()
    known = Told(since=BEGAN) if told is None else told
    return compose(events, dict.fromkeys(using.channels, known), using, now)


def keys(found: Plan) -> list[list[str]]:
    return [[one.key for one in draft.events] for draft in found.drafts]


def channels(found: Plan) -> list[str]:
    return [draft.channel for draft in found.drafts]


def test_an_event_is_told_once() -> None:
    assert keys(plan(event())) == [["failed|1"]]
    assert plan(event(), told=Told(BEGAN, {"failed|1": "message"})) == Plan()


def test_failures_of_one_run_are_one_message_and_those_of_two_runs_are_two() -> None:
    found = plan(*(event(name=str(n), group=("run", "a" if n < 3 else "b")) for n in range(5)))
    assert keys(found) == [["failed|0", "failed|1", "failed|2"], ["failed|3", "failed|4"]]


def test_what_recovered_before_it_was_told_is_one_message_and_then_old_news() -> None:
    failed, recovered = event(hours_ago=2), event("recovered", absorbs=("failed|1",))
    found = plan(failed, recovered)
    assert keys(found) == [["recovered|1"]]
    assert [one.key for one in found.drafts[0].all_events] == ["recovered|1", "failed|1"]


def test_a_new_channel_is_told_what_holds_still_in_one_message_and_nothing_that_is_over() -> None:
    old = [event(name=str(n), hours_ago=24 * n, is_standing=True, group=(str(n),)) for n in range(1, 30)]
    over = event("recovered", hours_ago=1)
    found = plan(*old, over, told=Told())
    assert len(found.drafts) == 1 and len(found.drafts[0].events) == 29


def test_what_is_over_for_longer_than_the_maximum_age_is_not_told() -> None:
    assert plan(event(hours_ago=49), using=settings(max_age="2d")) == Plan()
    assert keys(plan(event(hours_ago=49, is_standing=True), using=settings(max_age="2d"))) == [["failed|1"]]


def test_nothing_is_told_in_quiet_hours_and_everything_afterwards() -> None:
    channel = {"webhook": "http://h", "quiet_hours": [{"from": "22:00", "to": "07:00"}]}
    using = settings(channels={"oncall": channel})
    late = NOW.replace(hour=23)
    assert plan(event(), using=using, now=late) == Plan()
    assert keys(plan(event(), using=using, now=late + 8 * HOUR)) == [["failed|1"]]


def test_more_messages_than_an_hour_allows_are_a_digest_and_then_wait() -> None:
    using = settings(channels={"oncall": {"webhook": "http://h", "max_per_hour": 3}})
    many = [event(name=str(n), group=(str(n),)) for n in range(10)]
    found = plan(*many, using=using)
    assert [len(draft.events) for draft in found.drafts] == [1, 1, 8]
    assert [draft.is_digest for draft in found.drafts] == [False, False, True]
    full = Told(BEGAN, message_times=[NOW - timedelta(minutes=59)] * 3)
    assert plan(*many, told=full, using=using) == Plan()
    assert len(plan(*many, told=replace(full, message_times=[NOW - HOUR] * 3), using=using).drafts) == 3


def test_a_suppression_interval_silences_a_failure_that_comes_back_and_its_recovery() -> None:
    subject = replace(ORDERS, suppression_hours=24.0)
    again = event(name="2", subject=subject)
    told = Told(BEGAN, {"failed|1": "m"}, failures={("shop", "prod", ORDERS.unique_id): NOW - 23 * HOUR})
    assert plan(again, told=told) == Plan(suppressed=(("oncall", again),))
    silenced = replace(told, events={**told.events, "failed|2": None})
    recovery = event("recovered", "2", hours_ago=0, subject=subject, absorbs=("failed|2",))
    assert plan(again, recovery, told=silenced).drafts == ()
    earlier = replace(told, failures={("shop", "prod", ORDERS.unique_id): NOW - 24 * HOUR})
    assert keys(plan(again, told=earlier)) == [["failed|2"]]


def test_routes_ask_for_everything_that_they_name() -> None:
    matching = {
        "kinds": ["failed"],
        "projects": ["SHOP"],
        "environments": ["pr*"],
        "names": ["ord*"],
        "owners": ["@ledger"],
        "groups": ["finance"],
        "tags": ["nightly"],
        "paths": ["models/marts/*"],
    }
    for name, value in matching.items():
        route = {"channels": ["finance"], name: value}
        assert channels(plan(event(), using=two_channels(route))) == ["finance"], name
        assert channels(plan(event(), using=two_channels({**route, name: ["slower"]}))) == ["oncall"], name
    assert channels(plan(event(), using=two_channels({"channels": ["finance"], **matching}))) == ["finance"]
    other = {"channels": ["finance"], **matching, "tags": ["weekly"]}
    assert channels(plan(event(), using=two_channels(other))) == ["oncall"]


def test_the_owner_of_an_exposure_below_is_told_too() -> None:
    route = {"channels": ["finance"], "owners": ["aino@example.com"]}
    both = {"channels": ["oncall"], "kinds": ["failed"]}
    assert sorted(channels(plan(event(), using=two_channels(route, both)))) == ["finance", "oncall"]


def test_the_meta_key_channel_names_a_channel_where_no_route_does() -> None:
    named = event(subject=replace(ORDERS, channels=("finance", "unknown")))
    assert channels(plan(named, using=two_channels())) == ["finance"]
    assert channels(plan(named, using=two_channels({"channels": ["oncall"]}))) == ["oncall"]
    assert channels(plan(event(subject=replace(ORDERS, channels=("unknown",))), using=two_channels())) == ["oncall"]


def test_environments_and_kinds_can_be_left_out() -> None:
    assert plan(event(environment="dev"), using=settings(environments=["prod*"])) == Plan()
    assert plan(event(), using=settings(ignore=["failed"])) == Plan()


EVENTS = st.lists(
    st.builds(
        lambda kind, name, hours, group, standing, absorbs: event(
            kind,
            str(name),
            hours,
            group=(str(group),),
            is_standing=standing,
            absorbs=tuple(absorbs) if kind != "failed" else (),
        ),
        st.sampled_from(["failed", "recovered", "source_late"]),
        st.integers(0, 8),
        st.integers(0, 100),
        st.integers(0, 2),
        st.booleans(),
        st.lists(st.integers(0, 8).map(lambda n: f"failed|{n}"), max_size=2),
    ),
    unique_by=lambda one: one.key,
    max_size=15,
)


@given(EVENTS, st.integers(1, 4))
def test_over_any_number_of_calls_each_event_is_told_at_most_once_and_none_is_lost(
    events: list[Event], limit: int
) -> None:
    """The calls are two hours apart, so that the limit of an hour never holds anything back for good."""
    using = settings(channels={"oncall": {"webhook": "http://h", "max_per_hour": limit}})
    told, told_keys, times = Told(since=BEGAN), [], []
    for call in range(4):
        now = NOW + 2 * call * HOUR
        found = plan(*events, told=told, using=using, now=now)
        assert len(found.drafts) <= limit
        ids = [draft.message_id for draft in found.drafts]
        assert len({*ids}) == len(ids)
        told_keys += [one.key for draft in found.drafts for one in draft.all_events]
        times += [now] * len(found.drafts)
        told = replace(told, events=dict.fromkeys(told_keys, "m"), message_times=times)
    assert len({*told_keys}) == len(told_keys)
    assert {*told_keys} == {one.key for one in events if one.is_standing or one.happened_at >= BEGAN}
