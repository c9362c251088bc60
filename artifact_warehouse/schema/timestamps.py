"""Converts dbt's times to UTC microseconds. They are ISO 8601 texts; versions of dbt write different forms of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone

import pyarrow as pa

_ISO_8601 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d(?::\d\d(?::\d\d)?)?)(?:[.,](?P<fraction>\d+))?"
    r"\s?(?:Z|UTC)?(?P<offset>[+-]\d\d(?::?\d\d)?)?\s?(?:Z|UTC)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1)
_FIRST_YEAR = 1700
"""Earlier times become None: dbt writes the year 1 as the max_loaded_at of an empty source."""

_FEW = 1_000
"""So many times take less time one by one than the import of pyarrow.compute."""


def normalise_time(text: object) -> str | None:
    """A time as `2026-11-01T06:00:00.000000Z`; None for any other text.

    A time may end in `Z` or in an offset; without them it is UTC. A fraction is cut to six digits, not rounded. A date
    alone is midnight. In `+02:00Z` the offset counts: some tools append a `Z` to Python's `isoformat()`.
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
    """Whether a time has the form that `normalise_time` gives. A shortcut, because most times have it."""
    if len(text) != 27 or text[10] != "T" or text[26] != "Z":
        return False
    try:
        return datetime.fromisoformat(text[:26]).year >= _FIRST_YEAR
    except ValueError:
        return False


def to_utc(moment: datetime) -> datetime:
    """A time in UTC, as a datetime without a zone. A time without a zone is taken as UTC."""
    if moment.tzinfo:
        with suppress(OverflowError):  # beyond the years 1 and 9999: the offset is ignored
            moment = moment.astimezone(timezone.utc)
    return moment.replace(tzinfo=None)


def to_arrow(texts: Sequence[str | None]) -> pa.Array:
    """Times as a timestamp('us') array. Arrow converts them at once; few, and those that it cannot, one by one."""
    if len(texts) < _FEW:
        return _one_by_one(texts)
    import pyarrow.compute as pc

    try:
        nanoseconds = pc.cast(pa.array(texts, pa.string()), pa.timestamp("ns", "UTC"))
        times = nanoseconds.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return _one_by_one(texts)
    earliest = pc.min(times).as_py()
    is_usual = earliest is None or earliest > _EPOCH  # Arrow rounds earlier times up
    return times if is_usual else _one_by_one(texts)


def _one_by_one(texts: Sequence[str | None]) -> pa.Array:
    normalised = map(normalise_time, texts)
    return pa.array([text and datetime.fromisoformat(text[:-1]) for text in normalised], pa.timestamp("us"))
