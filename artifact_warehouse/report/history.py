"""The history of one node on one time axis: times, results, tests, freshness, and every change of its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.drawing import (
    Shape,
    TimeAxis,
    axis_seconds,
    count_of,
    cut,
    picture,
    result_bar,
    round_steps,
    shape,
    short_seconds,
    stamp,
    text,
    width_of,
)
from artifact_warehouse.lineage import resolve_node
from artifact_warehouse.storage import query, replacement

_WIDTH, _LEFT, _RIGHT = 960, 200, 880
_PANEL = 120
_ROW = 25
_MOST_TESTS = 14
_FLAGS = 60.0
_KEY = "A bar is a result: up passed, with a cap warned, down failed; a box is skipped."

Row = dict[str, Any]


@dataclass(frozen=True)
class History:
    """Results of a node and of its tests, versions of its definition, and freshness checks, in order of time."""

    unique_id: str
    project_name: str | None
    environment: str
    results: pa.Table
    versions: pa.Table
    checks: pa.Table

    def __repr__(self) -> str:
        """The last result, a line for each version of the definition with its median time, and one for each test."""
        own, tests = _split(self.results)
        last = (
            f"{count_of(len(own), 'result')}, the last {stamp(own[-1]['happened_at'])} UTC {own[-1]['status']}"
            if own
            else ""
        )
        check = self.checks.to_pylist()[-1:]
        lines = [
            *([last] if own else []),
            *(f"fresh at {stamp(one['happened_at'])} UTC: {one['status']}" for one in check),
            *(f"{stamp(start)} UTC  {words}  {_median_words(timed)}" for start, words, timed in _eras(self, own)),
            *(f"test {label}: {_passed(results)} passed" for label, results in tests),
        ]
        return "\n  ".join([self._title(), *(lines or ["never executed"])])

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.to_svg()

    def to_svg(self) -> str:
        """A picture 960 pixels wide. It needs no script."""
        return _Drawing(self, self._title()).svg()

    def save(self, path: str | Path) -> Path:
        """Write the picture as an SVG file."""
        target = Path(path)
        with replacement(target) as new:
            new.write_text(self.to_svg(), encoding="utf-8")
        return target

    def _title(self) -> str:
        return f"{self.unique_id} in {', '.join(filter(None, (self.project_name, self.environment)))}"


def find_history(
    connection: duckdb.DuckDBPyConnection,
    node: str,
    *,
    project: str | None = None,
    environment: str | None = None,
) -> History:
    """The history of a node, by unique_id or by a name that only one node has.

    Without `project` and `environment`, it is the history in those with most of its results. Raises UnknownNode.
    """
    labels = {"project": project, "environment": environment}

    def ask(name: str, **values: Any) -> pa.Table:
        return connection.sql(query(f"report/{name}"), params={**labels, **values}).to_arrow_table()

    unique_id, places = node, ask("node_places", unique_id=node)
    if not places.num_rows:
        unique_id = resolve_node(connection, node)
        places = ask("node_places", unique_id=unique_id)
    if places.num_rows:
        labels = {"project": places["project_name"][0].as_py(), "environment": places["environment"][0].as_py()}
    found = (ask(name, unique_id=unique_id) for name in ("node_results", "node_versions", "node_checks"))
    return History(unique_id, labels["project"], labels["environment"] or "", *found)


Tests = list[tuple[str, list[Row]]]


def _split(results: pa.Table) -> tuple[list[Row], Tests]:
    """The results of the node, and those of each of its tests."""
    rows = results.to_pylist()
    groups = groupby(rows, key=lambda row: (row["unique_id"], row["label"]))
    split = [(label, list(of_one)) for (_, label), of_one in groups]
    return [row for label, own in split if label is None for row in own], [one for one in split if one[0] is not None]


def _timed(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["execution_seconds"]]


def _eras(history: History, own: list[Row]) -> Iterator[tuple[datetime, str, list[Row]]]:
    """Each version of the definition: since when, what changed, and the timed results until the next one."""
    versions = history.versions.to_pylist()
    ends = [version["valid_from"] for version in versions[1:]] + [datetime.max]
    for version, end in zip(versions, ends, strict=True):
        start = datetime.min if version is versions[0] else version["valid_from"]
        timed = [row for row in _timed(own) if start <= row["happened_at"] < end]
        yield version["valid_from"], _words(version), timed


def _words(version: Row) -> str:
    return ", ".join(version["changed_fields"] or []) or ("first known" if version["is_original"] else "new")


def _median_words(timed: list[Row]) -> str:
    if not timed:
        return "no timed result"
    middle = median(row["execution_seconds"] for row in timed)
    return f"median {short_seconds(middle)} of {count_of(len(timed), 'result')}"


def _passed(rows: Sequence[Row]) -> str:
    """How many of the executed results passed: 14 of 15."""
    executed = [row for row in rows if row["status_class"] != "skipped"]
    passed = sum(row["status_class"] in ("success", "warn") for row in executed)
    return f"{passed} of {len(executed)}" if executed else "–"


class _Drawing:
    """The panels of a history, from top to bottom."""

    def __init__(self, history: History, title: str) -> None:
        self.history, self.title = history, title
        self.own, self.tests = _split(history.results)
        self.checks = history.checks.to_pylist()
        self.versions = history.versions.to_pylist()
        times = [row["happened_at"] for row in (*self.own, *self.checks, *(row for _, of in self.tests for row in of))]
        times += [version["valid_from"] for version in self.versions]
        self.axis = TimeAxis(min(times), max(times), _LEFT, _RIGHT) if times else None
        self.shapes: list[Shape] = [text(16, 26, cut(title, _WIDTH - 32, 15), "title"), text(16, 44, _KEY)]
        self.y = _FLAGS

    def svg(self) -> str:
        if self.axis is None:
            self.shapes[1] = text(16, 44, "It was never executed, and no definition of it is known.")
            return picture(_WIDTH, 60, self.title, self.shapes)
        flags = list(self._flags(self.axis))
        self.y += 17 * (1 + max((row for *_, row in flags), default=-1))
        top = self.y
        self._times(self.axis)
        self._ages(self.axis)
        self._results(self.axis)
        marks = [
            shape("path", cls="flag", d=f"M{round(x) + 0.5} {_FLAGS + row * 17 + 12}V{self.y}") for _, x, row in flags
        ]
        heads = [shape_ for words, x, row in flags for shape_ in _flag(words, x, _FLAGS + row * 17)]
        behind = self.axis.weekends(top, self.y)
        ticks = self.axis.ticks(self.y + 14)
        return picture(_WIDTH, self.y + 26, self.title, [*behind, *self.shapes, *marks, *heads, *ticks])

    def _flags(self, axis: TimeAxis) -> Iterator[tuple[str, float, int]]:
        """The words, place and row of a flag for every change, in enough rows that no words overlap."""
        ends: list[float] = []
        for version in self.versions:
            if version["is_original"]:
                continue
            words, x = _words(version), axis.x(version["valid_from"])
            left, right = (x, x + width_of(words) + 18) if _is_room(words, x) else (x - width_of(words) - 18, x + 6)
            row = next((row for row, end in enumerate(ends) if end < left), len(ends))
            ends[row : row + 1] = [right]
            yield words, x, row

    def _panel(self, title: str, notes: Sequence[str], top: float) -> Callable[[float], float]:
        """Draw the words and lines of a panel. Returns the function from a value to its height."""
        low = self.y + _PANEL
        self.shapes.append(text(16, self.y + 14, title, "lab strong"))
        self.shapes += [text(16, self.y + 30 + 14 * place, note) for place, note in enumerate(notes)]

        def height(value: float) -> float:
            return low - value / (top or 1) * (_PANEL - 8)

        for step in round_steps(top):
            self._rule(height(step), axis_seconds(step))
        self.y = low + 8
        return height

    def _rule(self, y: float, words: str = "") -> None:
        self.shapes.append(shape("path", cls="grid", d=f"M{_LEFT} {round(y) + 0.5}H{_RIGHT}"))
        self.shapes.append(text(_RIGHT + 8, y + 4, words))

    def _times(self, axis: TimeAxis) -> None:
        """A dot for each time, and for each version of the definition its median and the middle half."""
        timed = _timed(self.own)
        if not timed:
            return
        notes = ["line: median of a version", "band: middle half"]
        height = self._panel("Execution time", notes, max(row["execution_seconds"] for row in timed))
        eras = [(start, of_era) for start, _, of_era in _eras(self.history, self.own)] or [(datetime.min, timed)]
        ends = [axis.x(start) - 1 for start, _ in eras[1:]] + [float(_RIGHT)]
        for (_, of_era), end in zip(eras, ends, strict=True):
            if of_era:
                self.shapes += _band(of_era, axis.x(of_era[0]["happened_at"]) - 4, end, height)
        for row in timed:
            words = f"{stamp(row['happened_at'])} UTC: {short_seconds(row['execution_seconds'])}"
            place = {"cx": axis.x(row["happened_at"]), "cy": height(row["execution_seconds"])}
            self.shapes.append(shape("circle", shape("title", words), cls="dot", r=3, **place))

    def _ages(self, axis: TimeAxis) -> None:
        """The age of a source at every check, and the limits of its freshness."""
        aged = [check for check in self.checks if check["max_loaded_at_age_seconds"] is not None]
        if not aged:
            return
        most = max(check["max_loaded_at_age_seconds"] for check in aged)
        limits = {name: aged[-1][f"{name}_after_seconds"] for name in ("warn", "error")}
        drawn = {name: limit for name, limit in limits.items() if limit and limit <= 3 * most}
        notes = ["dashed: its limits"] if drawn else []
        height = self._panel("Age when checked", notes, max([most, *drawn.values()]))
        for name, limit in drawn.items():
            self.shapes.append(shape("path", cls="limit", d=f"M{_LEFT} {height(limit):.1f}H{_RIGHT}"))
            self.shapes.append(text(_LEFT + 4, height(limit) - 4, f"{name} after {short_seconds(limit)}"))
        for check in aged:
            place = {"cx": axis.x(check["happened_at"]), "cy": height(check["max_loaded_at_age_seconds"])}
            cls = "dot fail" if check["status_class"] == "failure" else "dot"
            self.shapes.append(shape("circle", cls=cls, r=3, **place))

    def _results(self, axis: TimeAxis) -> None:
        """A row of results for the node, its freshness and each of its tests."""
        rows = [("Results", self.own), ("Freshness", self.checks), *self.tests[:_MOST_TESTS]]
        for label, results in rows:
            if not results:
                continue
            self.shapes.append(text(16, self.y + 17, cut(label, _LEFT - 24), "lab"))
            self.shapes.append(shape("path", cls="grid", d=f"M{_LEFT} {round(self.y + 12) + 0.5}H{_RIGHT}"))
            self.shapes.append(text(_WIDTH - 16, self.y + 17, _passed(results), anchor="end"))
            width = max(2.0, min(7.0, axis.day_pixels / 2.2))
            for row in results:
                bars = result_bar(row["status_class"], axis.x(row["happened_at"]) - width / 2, width, self.y + 12)
                title = shape("title", f"{label} {stamp(row['happened_at'])} UTC: {row['status']}")
                self.shapes.append(shape("g", title, *bars))
            self.y += _ROW
        if (more := len(self.tests) - _MOST_TESTS) > 0:
            self.shapes.append(text(_LEFT, self.y + 14, f"and {count_of(more, 'more test')}"))
            self.y += 20


def _is_room(words: str, x: float) -> bool:
    """Whether the words of a flag stand to its right."""
    return x + width_of(words) + 18 < _WIDTH - 8


def _flag(words: str, x: float, y: float) -> Iterator[Shape]:
    side = 1 if _is_room(words, x) else -1
    yield shape("path", cls="flagtop", d=f"M{x:.1f} {y:.1f}h{8 * side}l{-2.5 * side} 4l{2.5 * side} 4h{-8 * side}Z")
    yield text(x + 12 * side, y + 9, words, "lab", None if side > 0 else "end")


def _band(timed: Sequence[Row], left: float, end: float, height: Callable[[float], float]) -> Iterator[Shape]:
    """The middle half of the times of a version, and their median."""
    seconds = [row["execution_seconds"] for row in timed]
    low, middle, high = quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else seconds * 3
    width = max(6.0, end - left)
    box = {"x": left, "y": height(high) - 1, "width": width, "height": height(low) - height(high) + 2}
    yield shape("rect", cls="band", **box)
    yield shape("path", cls="med", d=f"M{left:.1f} {height(middle):.1f}h{width:.1f}")
    if width > 44:
        yield text(left + 9, height(high) - 5, short_seconds(middle), "lab strong")
