"""Times of day in zones: when a run is due, when a promise is, and whether it is quiet. Pure functions over UTC."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from artifact_warehouse.alerts.settings import DAYS, Day, QuietHours
from artifact_warehouse.schema import to_utc

_EARLY = timedelta(minutes=5)
"""How much earlier than due a run may start: clocks of schedulers differ."""


class Gap(NamedTuple):
    """A time without the run that was due: when it was due, when the next one started, and the last one before."""

    due_at: datetime
    ended_at: datetime | None
    last_at: datetime | None


def gaps(
    cron: str, zone: str, grace: timedelta, starts: Sequence[datetime], since: datetime, now: datetime
) -> Iterator[Gap]:
    """The times without a run that was due, from the starts of the job's runs, in order. All times are UTC.

    A run that starts within `grace` is the one that was due. Without any run, one is due from `since` on.
    """
    begins = [start + _EARLY for start in starts] or [since]
    ends: list[datetime | None] = [*(starts[1:] if starts else []), None]
    lasts: Sequence[datetime | None] = starts or [None]
    for begin, end, last in zip(begins, ends, lasts, strict=True):
        due_at = _next_due(cron, zone, begin)
        if due_at is not None and due_at + grace < (end or now):
            yield Gap(due_at, end, last)


def _next_due(cron: str, zone: str, after: datetime) -> datetime | None:
    """The first time after another at which a cron expression holds. Debian's cron says what daylight saving does."""
    from cronsim import CronSim

    local = after.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
    found = next(CronSim(cron, local), None)
    return to_utc(found) if found is not None else None


def due_times(
    by: str, zone: str, days: Collection[Day], holidays: Collection[date], since: datetime, until: datetime
) -> Iterator[datetime]:
    """The times from `since` to `until` at which a promise is due, in order. All are UTC."""
    at = time.fromisoformat(by)
    day = _local(since, zone).date() - timedelta(days=1)
    while (due := _moment(day, at, zone)) <= until:
        if due >= since and DAYS[day.weekday()] in days and day not in holidays:
            yield due
        day += timedelta(days=1)


def is_quiet(hours: Iterable[QuietHours], zone: str, now: datetime) -> bool:
    """Whether a time, in UTC, lies in quiet hours. Those that end before they begin end on the next day.

    `days` are those on which they begin. Both ends are local times, also where daylight saving begins or ends between.
    """
    return any(_is_within(quiet, quiet.timezone or zone, now) for quiet in hours)


def _is_within(quiet: QuietHours, zone: str, now: datetime) -> bool:
    begin, end = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.to)
    today = _local(now, zone).date()
    for day in (today - timedelta(days=1), today):
        if not quiet.days or DAYS[day.weekday()] in quiet.days:
            last_day = day + timedelta(days=1) if end <= begin else day
            if _moment(day, begin, zone) <= now < _moment(last_day, end, zone):
                return True
    return False


def _local(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))


def _moment(day: date, at: time, zone: str) -> datetime:
    """A time of day in UTC. One that daylight saving leaves out is that of an hour later; of two, it is the first."""
    return to_utc(datetime.combine(day, at, ZoneInfo(zone)))


def clock_text(moment: datetime, zone: str) -> str:
    """A UTC time as people in a zone write it: Wed 11 Nov 04:10 CET."""
    local = _local(moment, zone)
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"
