"""Numbers and times as the page writes them."""

from __future__ import annotations

import re
from datetime import datetime


def short_seconds(seconds: float | None) -> str:
    """A duration with two or three digits: 65 ms, 0.18 s, 4.9 s, 34 s, 8 min 41 s, 2.2 d."""
    if seconds is None:
        return "–"
    if seconds < 0.0995:
        return f"{1000 * seconds:.0f} ms" if seconds else "0 s"
    if seconds < 9.95:
        return f"{seconds:.{2 if seconds < 0.995 else 1}f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 6000:
        return f"{whole // 60} min {whole % 60:02} s"
    unit, word = (3600, "h") if whole < 172_800 else (86_400, "d")
    return f"{whole / unit:.{1 if whole < 10 * unit else 0}f} {word}"


def axis_seconds(seconds: float) -> str:
    """The same without zeros at its end."""
    return re.sub(r"(\.\d)0 |\.0 | 00 s$", r"\1 ", short_seconds(seconds)).rstrip()


def stamp(moment: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def count_of(count: int, one: str, many: str | None = None) -> str:
    """A count and its noun: 1 node, 2 nodes, 10,277 nodes."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
