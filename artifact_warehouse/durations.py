"""Durations and moments as people write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, time, timedelta

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>[smhdw])", re.IGNORECASE | re.ASCII)
_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}

_DAYS_AGO = {"today": 0, "yesterday": 1}


def duration_of_text(text: str) -> timedelta:
    """The duration of a text such as 90m, 26h, 2d or 1d12h. Raises ValueError."""
    parts = list(_DURATION.finditer(text))
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"{text!r} is not a duration; write a number with s, m, h, d or w, as in 26h")
    seconds = {name[0]: seconds for name, seconds in _UNITS.items()}
    try:
        return timedelta(seconds=sum(float(part["number"]) * seconds[part["unit"].lower()] for part in parts))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a duration") from error


def text_of_duration(duration: timedelta) -> str:
    """A duration in its largest unit and the next smaller one: 2 days 3 hours."""
    left = round(max(duration.total_seconds(), 0))
    parts: list[str] = []
    for name, seconds in list(_UNITS.items())[1:]:
        count, left = divmod(left, seconds)
        if count or parts:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 seconds"


def moment_of(moment: str | datetime | timedelta, now: datetime) -> datetime:
    """A time: itself, how long before `now` it was, or a text. It has no zone where the text has none.

    A text is a date or time in ISO 8601, a duration before `now` (7d), today or yesterday, which stand for the midnight
    at their beginning. Raises ValueError.
    """
    if isinstance(moment, datetime):
        return moment
    if isinstance(moment, timedelta):
        return now - moment
    text = moment.strip().lower()
    if text in _DAYS_AGO:
        return datetime.combine(now.date() - timedelta(days=_DAYS_AGO[text]), time())
    for read in (_iso_time, lambda text: now - duration_of_text(text)):
        with suppress(ValueError, OverflowError):
            return read(text)
    raise ValueError(f"{moment!r} is not a time; write yesterday, 7d, or 2026-11-01T06:00")


def _iso_time(text: str) -> datetime:
    return datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("z") else text)
