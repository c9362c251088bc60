"""A diagnosis as a page for people. Control characters of its texts are shown as escapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from artifact_warehouse.cli.cells import duration, one_line
from artifact_warehouse.cli.echo import escape_control_characters
from artifact_warehouse.cli.layout import Column, fitting_widths, painted, table_lines, wrapped
from artifact_warehouse.cli.terminal import UNICODE, Glyphs, Terminal
from artifact_warehouse.monitor import OUTCOMES, TITLES, Diagnosis, changes_of

_NAMED = 5
_MESSAGE_LINES = 12
"""How many lines of a message are shown. The JSON format has all."""

_STYLES = {True: "green", False: "red", None: "yellow"}


def diagnosis_lines(found: Diagnosis, screen: Terminal | None) -> Iterator[str]:
    """The lines of the page: for a terminal, or in full width."""
    return _Page(screen).lines(found)


class _Page:
    def __init__(self, screen: Terminal | None) -> None:
        self._width = screen.width if screen else None
        self._glyphs: Glyphs = screen.glyphs if screen else UNICODE
        self._is_coloured = screen is not None and screen.is_coloured

    def lines(self, found: Diagnosis) -> Iterator[str]:
        yield from self._run(found.run)
        if found.failures or found.skipped_without_cause:
            yield from self._title(TITLES["failures"])
        for row in found.failures:
            yield from self._failure(row)
        if found.skipped_without_cause:
            ids = [row["unique_id"] for row in found.skipped_without_cause]
            yield from self._prose(f"skipped without a known failure upstream: {len(ids)}: {_names(ids)}", indent="  ")
        if found.warnings:
            yield from self._title(TITLES["warnings"])
        for row in found.warnings:
            rows = f": {_count(row['failures'], 'row')}" if row["failures"] else ""
            yield from self._prose(f"! {row['unique_id']}{rows}", indent="  ")
        yield from self._slow(found.slow)
        yield from self._path(found.critical_path)
        yield from self._flaky(found.flaky_tests)

    def _run(self, run: dict[str, Any]) -> Iterator[str]:
        place = ", ".join(str(part) for part in (run["project_name"], run["environment"], run["job_name"]) if part)
        word, style = OUTCOMES[run["is_success"]], _STYLES[run["is_success"]]
        title = self._painted(one_line(f"{run['command']} of {place} "), "bold")
        yield title + self._painted("was aborted" if run["is_aborted"] else word, style)
        seconds = run["span_seconds"] if run["span_seconds"] is not None else run["elapsed_seconds"]
        at = run["started_at"] or run["completed_at"]
        yield from self._dotted(
            f"{_time(at)} UTC" if at is not None else "",
            _seconds(seconds),
            _count(run["threads"], "thread") if run["threads"] else "",
            f"dbt {run['dbt_version']}" if run["dbt_version"] else "",
            f"commit {run['git_sha']}" if run["git_sha"] else "",
            f"invocation {run['invocation_id']}",
        )
        counts = ("success", "warn", "failure", "skipped")
        yield from self._dotted(*(f"{run[f'{name}_count']} {name}" for name in counts if run[f"{name}_count"]))

    def _failure(self, row: dict[str, Any]) -> Iterator[str]:
        yield self._painted(f"{'✗' if self._glyphs == UNICODE else 'x'} {one_line(row['unique_id'])}", "red")
        yield from self._message(row["status"], row["message"])
        if row["skipped_count"]:
            skipped = _names(row["skipped_unique_ids"])
            yield from self._prose(f"  skipped for it: {row['skipped_count']}: {skipped}")
        if row["failing_since"] is not None:
            fields = row["opening_changed_fields"]
            change = f"; changed then: {', '.join(fields)}" if fields else ""
            yield from self._prose(f"  failing since {_time(row['failing_since'])}{change}")
        if row["failing_parent_unique_ids"]:
            yield from self._prose(f"  failing upstream of it: {_names(row['failing_parent_unique_ids'])}")

    def _message(self, status: str, message: str | None) -> Iterator[str]:
        """A message in its own lines: a caret in it stays under its column."""
        first, *others = (message or "").strip().expandtabs().splitlines() or [""]
        yield from self._prose(f"  {status}: {first}" if first else f"  {status}")
        shown = [line for line in others if line.strip()]
        for line in shown[:_MESSAGE_LINES]:
            yield from self._prose(f"    {line}", indent=f"    {line[: len(line) - len(line.lstrip())]}")
        if len(shown) > _MESSAGE_LINES:
            yield f"    and {_count(len(shown) - _MESSAGE_LINES, 'more line')}"

    def _slow(self, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
        if not rows:
            return
        yield from self._title(TITLES["slow"])
        yield from self._grid(
            ("node", ">took", ">usually", ">times", "since", "what changed then"),
            [
                (
                    row["unique_id"],
                    _seconds(row["execution_seconds"]),
                    _seconds(row["baseline_seconds"]),
                    "" if row["slowdown_ratio"] is None else f"{row['slowdown_ratio']:.1f}x",
                    _time(row["began_at"]),
                    changes_of(row),
                )
                for row in rows
            ],
        )

    def _path(self, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
        if not rows:
            return
        yield from self._title(TITLES["critical_path"])
        seconds = ("execution_seconds", "queued_seconds", "drag_seconds", "started_after_seconds")
        yield from self._grid(
            (">step", "node", ">takes", ">waits", ">drag", ">starts after"),
            [(str(row["step"]), row["unique_id"], *(_seconds(row[name]) for name in seconds)) for row in rows],
        )
        drag = "drag: how much sooner the fastest possible schedule would end had the node taken no time"
        yield from self._prose(drag)

    def _flaky(self, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
        if not rows:
            return
        yield from self._title(TITLES["flaky_tests"])
        counts = ("flip_count", "executed_count", "failure_count")
        yield from self._grid(
            ("test", ">flips", ">executions", ">failures", "in this run", "last flip"),
            [
                (
                    row["unique_id"],
                    *(str(row[name]) for name in counts),
                    "fails" if row["is_failing_here"] else "",
                    _time(row["last_flip_at"]),
                )
                for row in rows
            ],
        )

    def _title(self, title: str) -> Iterator[str]:
        yield ""
        yield self._painted(title, "bold")

    def _dotted(self, *parts: str) -> Iterator[str]:
        return self._prose(f" {self._glyphs.dot} ".join(part for part in parts if part), indent="")

    def _prose(self, text: str, indent: str = "    ") -> Iterator[str]:
        yield from wrapped(escape_control_characters(text), self._width, indent)

    def _grid(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
        """A table. A head with `>` is of numbers. On a terminal, the first columns that fit."""
        columns = [
            Column(head.removeprefix(">"), [one_line(cell) for cell in cells], head.startswith(">"))
            for head, cells in zip(heads, zip(*rows, strict=True), strict=True)
        ]
        widths = fitting_widths(columns, self._width) if self._width else [column.width for column in columns]
        yield from table_lines(columns, widths, self._glyphs)

    def _painted(self, text: str, style: str) -> str:
        return painted(text, style) if self._is_coloured else text


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _time(time: datetime | None) -> str:
    return "" if time is None else time.isoformat(" ", "minutes")


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)
