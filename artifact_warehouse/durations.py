"""Durations as text."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>[smhdw])", re.IGNORECASE | re.ASCII)
_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


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
