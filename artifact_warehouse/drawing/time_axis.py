"""A time axis in days, with weekends behind it. Panels are stacked below each other on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import floor, log10

from artifact_warehouse.drawing.svg import Shape, shape, text

_TICK_PIXELS = 58
_TICK_DAYS = (1, 2, 7, 14, 28, 56, 91, 182)
_WEEKEND_PIXELS = 4
"""Days that are narrower show no weekends."""


_CLOCK_SECONDS = (10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)


class TimeAxis:
    """Places of times between two edges of a picture."""

    def __init__(self, first: datetime, last: datetime, left: float, right: float) -> None:
        self.left, self.right = left, right
        self.start = datetime.combine(first.date(), datetime.min.time())
        self.days = (last.date() - first.date()).days + 1
        self.day_pixels = (right - left) / self.days

    def x(self, moment: datetime) -> float:
        """The place of a time, which has no zone."""
        return self.left + (moment - self.start) / timedelta(days=1) * self.day_pixels

    def weekends(self, top: float, bottom: float) -> Iterator[Shape]:
        """The ground of Saturdays and Sundays."""
        for number in range(self.days if self.day_pixels > _WEEKEND_PIXELS else 0):
            day = self.start + timedelta(days=number)
            if day.weekday() >= 5:
                box = {"x": self.x(day), "y": top, "width": self.day_pixels, "height": bottom - top}
                yield shape("rect", cls="weekend", **box)

    def ticks(self, y: float) -> Iterator[Shape]:
        """The dates below the panels, never more than fit; steps of weeks begin on a Monday."""
        room = max(2, int((self.right - self.left) / _TICK_PIXELS))
        step = next((days for days in _TICK_DAYS if self.days / days <= room), 365)
        first = -self.start.weekday() % 7 if step >= 7 else 0
        for number in range(first, self.days, step):
            day = self.start + timedelta(days=number)
            yield text(self.x(day) + self.day_pixels / 2, y, _day(day), anchor="middle")


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def round_steps(top: float, wanted: int = 3) -> list[float]:
    """Round numbers from 0 up to `top`, about `wanted` of them. Large steps of seconds are those of a clock."""
    if top <= 0:
        return [0.0]
    rough = top / wanted
    power = 10 ** floor(log10(rough))
    steps = (factor * power for factor in (1, 2, 5, 10)) if rough <= 8 else _CLOCK_SECONDS
    step = next((step for step in steps if step >= rough * 0.9999), 10 * power)
    return [number * step for number in range(int(top * 1.0001 / step) + 1)]
