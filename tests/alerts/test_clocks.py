"""Times in zones: daylight saving, quiet hours, schedules and promises. In 2026, Berlin's clocks change on 29 March,
from 02:00 to 03:00, and on 25 October, from 03:00 to 02:00."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_warehouse.alerts.clocks import Gap, due_times, gaps, is_quiet
from artifact_warehouse.alerts.settings import DAYS, QuietHours

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
WEEKDAYS = DAYS[:5]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}")


def dues(by: str, since: str, until: str, days=DAYS, holidays=(), zone: str = BERLIN) -> list[datetime]:
    return [*due_times(by, zone, days, holidays, at(since), at(until))]


@pytest.mark.parametrize(
    ("by", "since", "until", "expected"),
    [
        ("07:00", "03-28T00:00", "03-30T12:00", ["03-28T06:00", "03-29T05:00", "03-30T05:00"]),
        ("07:00", "10-24T00:00", "10-26T12:00", ["10-24T05:00", "10-25T06:00", "10-26T06:00"]),
        ("02:30", "03-28T00:00", "03-30T12:00", ["03-28T01:30", "03-29T01:30", "03-30T00:30"]),
        ("02:30", "10-25T00:00", "10-25T12:00", ["10-25T00:30"]),
        ("00:00", "11-09T23:00", "11-10T23:00", ["11-09T23:00", "11-10T23:00"]),
    ],
    ids=["spring", "autumn", "left out in spring", "twice in autumn", "both ends belong to it"],
)
def test_a_promise_is_due_at_the_time_on_the_wall(by: str, since: str, until: str, expected: list[str]) -> None:
    assert dues(by, since, until) == [at(text) for text in expected]


def test_a_promise_for_working_days_skips_weekends_and_holidays() -> None:
    found = dues("07:00", "12-23T12:00", "12-29T12:00", WEEKDAYS, [date(2026, 12, 25)])
    assert [due.day for due in found] == [24, 28, 29]


def quiet(begin: str, end: str, *days: str) -> QuietHours:
    return QuietHours(from_=begin, to=end, days=days)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (quiet("22:00", "07:00"), "11-10T20:59", False),
        (quiet("22:00", "07:00"), "11-10T21:00", True),
        (quiet("22:00", "07:00"), "11-11T05:59", True),
        (quiet("22:00", "07:00"), "11-11T06:00", False),
        (quiet("12:00", "13:00"), "11-10T11:30", True),
        (quiet("12:00", "13:00"), "11-10T12:00", False),
        (quiet("22:00", "07:00", "fri"), "11-14T05:00", True),  # Saturday morning: they began on Friday
        (quiet("22:00", "07:00", "sat"), "11-14T05:00", False),
        (quiet("00:00", "00:00", "sat", "sun"), "11-15T22:59", True),
        (quiet("00:00", "00:00", "sat", "sun"), "11-15T23:00", False),
        (quiet("22:00", "07:00"), "03-29T04:59", True),  # 06:59 in summer
        (quiet("22:00", "07:00"), "03-29T05:00", False),
        (quiet("22:00", "07:00"), "10-25T05:59", True),
        (quiet("22:00", "07:00"), "10-25T06:00", False),
    ],
)
def test_quiet_hours_are_those_on_the_wall(hours: QuietHours, moment: str, expected: bool) -> None:
    assert is_quiet([hours], BERLIN, at(moment)) is expected


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.times(),
    st.times(),
)
def test_quiet_hours_and_their_complement_cover_the_day_once(moment, zone, begin, end) -> None:
    """Except in the hours in which a clock changes, where a time on the wall is none or two."""
    begin, end = f"{begin:%H:%M}", f"{end:%H:%M}"
    around = [moment - 30 * HOUR, moment, moment + 30 * HOUR]
    offsets = {ZoneInfo(zone).utcoffset(one) for one in around}
    if begin != end and len(offsets) == 1:
        hours = quiet(begin, end), quiet(end, begin)
        assert is_quiet([hours[0]], zone, moment) is not is_quiet([hours[1]], zone, moment)


def nightly(starts: list[str], since: str, now: str, cron: str = "10 3 * * *", zone: str = "UTC") -> list[Gap]:
    return [*gaps(cron, zone, HOUR, [at(start) for start in starts], at(since), at(now))]


def test_a_run_that_starts_within_the_grace_is_the_one_that_was_due() -> None:
    assert nightly(["11-10T03:10", "11-11T04:00", "11-12T03:09"], "11-01T00:00", "11-12T12:00") == []


def test_runs_that_did_not_happen_are_one_gap_with_its_ends() -> None:
    found = nightly(["11-10T03:10", "11-13T09:00"], "11-01T00:00", "11-13T12:00")
    assert found == [Gap(at("11-11T03:10"), at("11-13T09:00"), at("11-10T03:10"))]
    assert nightly(["11-10T03:10"], "11-01T00:00", "11-13T12:00") == [found[0]._replace(ended_at=None)]


def test_a_run_is_missing_only_once_its_grace_is_over() -> None:
    assert nightly(["11-10T03:10"], "11-01T00:00", "11-11T04:10") == []
    assert len(nightly(["11-10T03:10"], "11-01T00:00", "11-11T04:11")) == 1


def test_a_job_that_never_ran_is_missing_since_the_first_call() -> None:
    assert nightly([], "11-10T12:00", "11-20T12:00") == [Gap(at("11-11T03:10"), None, None)]


def test_a_schedule_follows_daylight_saving() -> None:
    """At 04:10 in Berlin: 03:10 UTC in winter, 02:10 in summer."""
    on_time = ["03-28T03:10", "03-29T02:10", "03-30T02:10"]
    assert nightly(on_time, "03-01T00:00", "03-30T12:00", "10 4 * * *", BERLIN) == []
    assert len(nightly([on_time[0]], "03-01T00:00", "03-29T03:11", "10 4 * * *", BERLIN)) == 1
    assert nightly([on_time[0]], "03-01T00:00", "03-29T03:10", "10 4 * * *", BERLIN) == []


def test_working_days_of_a_schedule_have_no_gap_at_the_weekend() -> None:
    assert nightly(["11-13T03:10", "11-16T03:12"], "11-01T00:00", "11-16T12:00", "10 3 * * 1-5") == []
