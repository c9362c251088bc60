"""The timeline of one run: a lane a thread, and the path that decided the time. A picture, or lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.drawing import (
    Shape,
    axis_seconds,
    count_of,
    cut,
    picture,
    round_steps,
    shape,
    short_seconds,
    stamp,
    text,
)
from artifact_warehouse.monitor import find_run
from artifact_warehouse.storage import query, replacement

_WIDTH, _LEFT, _RIGHT, _TOP = 960, 66, 24, 82
_NAMED_LANE = 16
_MOST_HEIGHT = 2400
_LEAST_PIXELS = 0.8
"""A bar is left out where it is thinner and begins this close to the bar before it, unless it failed, warned or is on
the path."""
_NAMED_PIXELS, _HINTED_PIXELS = 40, 3
_STATES = {"warn": "warn", "failure": "fail"}

Bar = dict[str, Any]


@dataclass(frozen=True)
class Timeline:
    """A run, its row of v1.invocations, and its nodes with their times, in seconds from its start."""

    run: dict[str, Any]
    nodes: pa.Table

    def __repr__(self) -> str:
        """The run, and the nodes that decided its time."""
        rows = [("from", "for", "node")] if self.nodes.num_rows else []
        for bar in _path(self.nodes.to_pylist()):
            rows.append((short_seconds(bar["started_after_seconds"]), short_seconds(_seconds(bar)), bar["unique_id"]))
        return "\n".join([_title(self.run), *self._notes(), *(f"  {a:>12} {b:>12}  {name}" for a, b, name in rows)])

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.to_svg()

    def to_svg(self) -> str:
        """A picture 960 pixels wide. It needs no script."""
        bars = self.nodes.to_pylist()
        heads = [text(16, 26, cut(_title(self.run), _WIDTH - 32, 15), "title"), text(16, 44, "; ".join(self._notes()))]
        lanes = _lanes(bars)
        scale = _Scale(max((bar["completed_after_seconds"] for bar in bars), default=0.0), list(lanes))
        drawn = (scale.lane_of(thread, of_thread) for thread, of_thread in lanes.items())
        shapes = chain(heads, scale.axis(), *drawn, scale.path(_path(bars)))
        return picture(_WIDTH, scale.bottom + 12, _title(self.run), shapes)

    def save(self, path: str | Path) -> Path:
        """Write the picture as an SVG file."""
        target = Path(path)
        with replacement(target) as new:
            new.write_text(self.to_svg(), encoding="utf-8")
        return target

    def _notes(self) -> list[str]:
        if not self.nodes.num_rows:
            return ["its artifact has no times of nodes"]
        bars = self.nodes.to_pylist()
        counts = [
            count_of(len(bars), "node"),
            *(
                f"{self.run[f'{name}_count']:,} {words}"
                for name, words in _COUNTED.items()
                if self.run[f"{name}_count"]
            ),
            count_of(self.run["threads"] or len(_lanes(bars)), "thread"),
            short_seconds(max(bar["completed_after_seconds"] for bar in bars)),
        ]
        return [", ".join(counts), f"the line joins the {len(_path(bars))} that decided the time"]


_COUNTED = {"failure": "failed", "warn": "warned", "skipped": "skipped"}


def find_timeline(
    connection: duckdb.DuckDBPyConnection,
    run: str | None = None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> Timeline:
    """The timeline of a run. `run` is an invocation_id or its beginning; without it, the last run with the labels.

    Raises UnknownRun.
    """
    found = find_run(connection, run, project=project, environment=environment, job=job)
    values = {"run": found["invocation_id"], "command": found["command"]}
    return Timeline(found, connection.sql(query("report/run_bars"), params=values).to_arrow_table())


def _title(run: dict[str, Any]) -> str:
    outcome = {True: "passed", False: "failed"}.get(run["is_success"], "executed nothing")
    kind = " · ".join(filter(None, (run["command"], run["job_name"])))
    place = ", ".join(filter(None, (run["project_name"], run["environment"])))
    return f"{kind} in {place}, {stamp(run['started_at'])} UTC: {outcome}"


def _path(bars: list[Bar]) -> list[Bar]:
    """The nodes that decided the time, in order."""
    on_path = (bar for bar in bars if bar["observed_step"] is not None)
    return sorted(on_path, key=lambda bar: bar["observed_step"])


def _seconds(bar: Bar) -> float:
    return float(bar["completed_after_seconds"] - bar["started_after_seconds"])


def _lanes(bars: list[Bar]) -> dict[str, list[Bar]]:
    """The bars of each thread, the threads by their number; those without one last."""
    lanes: dict[str, list[Bar]] = {}
    for bar in bars:
        lanes.setdefault(_thread(bar), []).append(bar)
    return dict(sorted(lanes.items(), key=lambda lane: (_number(lane[0]) is None, _number(lane[0]) or 0, lane[0])))


def _thread(bar: Bar) -> str:
    return bar["thread_id"] or "?"


def _number(thread: str) -> int | None:
    digits = "".join(filter(str.isdecimal, thread))
    return int(digits) if digits else None


class _Scale:
    """Where a time and a thread are in the picture."""

    def __init__(self, end: float, threads: list[str]) -> None:
        self.end = end
        self.lane = 30 if len(threads) <= 16 else max(3, min(18, _MOST_HEIGHT // len(threads)))
        self.tops = {thread: _TOP + place * self.lane for place, thread in enumerate(threads)}
        self.bottom = _TOP + len(threads) * self.lane

    def x(self, seconds: float) -> float:
        return _LEFT + seconds / (self.end or 1) * (_WIDTH - _LEFT - _RIGHT)

    def middle(self, bar: Bar) -> float:
        return self.tops[_thread(bar)] + self.lane / 2

    def axis(self) -> Iterator[Shape]:
        """The word above the threads, and a line and a time for each step."""
        yield text(16, _TOP - 11, "thread")
        for seconds in round_steps(self.end, 8):
            x = round(self.x(seconds)) + 0.5
            yield shape("path", cls="grid", d=f"M{x} {_TOP - 6}V{self.bottom}")
            yield text(x, _TOP - 11, axis_seconds(seconds), anchor="middle" if seconds else "start")

    def lane_of(self, thread: str, bars: list[Bar]) -> Iterator[Shape]:
        """The bars of a thread and its number."""
        name = _number(thread)
        words = cut(thread if name is None else str(name), _LEFT - 20, 11)
        if self.lane >= _NAMED_LANE:
            yield text(_LEFT - 8, self.tops[thread] + self.lane / 2 + 4, words, anchor="end")
        last = -1.0
        for bar in bars:
            start = self.x(bar["started_after_seconds"])
            width = self.x(bar["completed_after_seconds"]) - start
            is_plain = bar["observed_step"] is None and bar["status_class"] not in _STATES
            if is_plain and max(width, start - last) < _LEAST_PIXELS:
                continue
            last = start
            yield from self.bar(bar, start, max(1, width - 0.5))

    def bar(self, bar: Bar, x: float, width: float) -> Iterator[Shape]:
        """A bar; those of tests are a third as high. A failure has a stroke through it, too."""
        is_test = bar["resource_type"] in ("test", "unit_test")
        height = self.lane * 0.36 if is_test else self.lane * 0.74
        y = self.middle(bar) - height / 2
        is_dark = bar["observed_step"] is not None
        cls = f"bar {'path ' if is_dark else ''}{_STATES.get(bar['status_class'], '')}".strip()
        title = f"{bar['unique_id']}: {bar['status_class']}, {short_seconds(_seconds(bar))}"
        hint = shape("title", title) if width >= _HINTED_PIXELS else None
        yield shape("rect", hint, cls=cls, x=x, y=y, width=width, height=height)
        if bar["status_class"] == "failure" and width > 3:
            yield shape(
                "path", cls="slash", d=f"M{x + 1:.1f} {y + 1:.1f}l{min(width, height) - 2:.1f} {height - 2:.1f}"
            )
        if width > _NAMED_PIXELS and self.lane >= _NAMED_LANE and not is_test:
            is_inside_dark = is_dark or bar["status_class"] in _STATES
            name = cut(bar["unique_id"].split(".", 2)[-1], width - 8, 11)
            yield text(x + 5, self.middle(bar) + 4, name, "inside" if is_inside_dark else "lab small")

    def path(self, path: list[Bar]) -> Iterator[Shape]:
        """From the end of each step of the path to the start of the next."""
        lines = (
            f"M{self.x(one['completed_after_seconds']):.1f} {self.middle(one):.1f}"
            f"L{self.x(two['started_after_seconds']):.1f} {self.middle(two):.1f}"
            for one, two in pairwise(path)
        )
        yield shape("path", cls="steps", d="".join(lines))
