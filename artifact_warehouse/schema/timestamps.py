"""dbt's times: ISO 8601 texts of every form that it wrote over the years, as UTC microseconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.compute as pc

_ISO_8601 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d(?::\d\d(?::\d\d)?)?)(?:[.,](?P<fraction>\d+))?"
    r"\s?(?:Z|UTC)?(?P<offset>[+-]\d\d(?::?\d\d)?)?\s?(?:Z|UTC)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1)
_FIRST_YEAR = 1700
"""dbt writes year 1 for the newest row of an empty source: no time at all, so None."""


def normalise_time(text: object) -> str | None:
    """One time as `2026-11-01T06:00:00.000000Z`; None for what is none.

    Takes `Z`, an offset or neither (then UTC), up to nine digits (cut to six, not rounded), and a date alone. Where a
    zone is written twice (`+00:00Z`), the offset counts: some tools add a `Z` to Python's `isoformat()`, which has it.
    """
    if isinstance(text, str) and _is_normal(text):
        return text
    match = _ISO_8601.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or int(match["date"][:4]) < _FIRST_YEAR:
        return None
    zone = match["offset"] or "+00:00"
    zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:] or '00'}"
    time = f"{match['time'] or '00'}:00:00"[:8]
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{time}.{fraction}{zone}")
        return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError):
        return None


def _is_normal(text: str) -> bool:
    """Whether a time has the form already that `normalise_time` gives it: a shortcut for what dbt writes most."""
    if len(text) != 27 or text[10] != "T" or text[26] != "Z":
        return False
    try:
        return datetime.fromisoformat(text[:26]).year >= _FIRST_YEAR
    except ValueError:
        return False


def to_utc(moment: datetime) -> datetime:
    """A time in UTC, without a zone. A time that has no zone is UTC already."""
    if moment.tzinfo:
        with suppress(OverflowError):  # an offset does not matter at the ends of the calendar
            moment = moment.astimezone(timezone.utc)
    return moment.replace(tzinfo=None)


def to_arrow(texts: Sequence[str | None]) -> pa.Array:
    """Times as a timestamp('us') array; at once where all are of the usual form, else one by one."""
    try:
        nanoseconds = pc.cast(pa.array(texts, pa.string()), pa.timestamp("ns", "UTC"))
        times = nanoseconds.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return _one_by_one(texts)
    earliest = pc.min(times).as_py()
    is_usual = earliest is None or earliest > _EPOCH  # before it, Arrow cuts digits the other way
    return times if is_usual else _one_by_one(texts)


def _one_by_one(texts: Sequence[str | None]) -> pa.Array:
    normalised = pa.array([normalise_time(text) for text in texts], pa.string())
    return pc.cast(normalised, pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
