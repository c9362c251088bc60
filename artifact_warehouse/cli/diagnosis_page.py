"""A diagnosis as a page for people. Control characters of its texts are shown as escapes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from artifact_warehouse.cli.echo import escape_control_characters, replace_unencodable
from artifact_warehouse.monitor import Diagnosis

_WIDTH = 140
_NAMED = 5


def print_diagnosis(found: Diagnosis, stream: IO[str]) -> None:
    """Print the page, in colour on a terminal."""
    console = Console(file=replace_unencodable(stream), highlight=False)
    if not console.is_terminal:
        console = Console(file=stream, highlight=False, width=_WIDTH, color_system=None)
    _print_run(found, console)
    _print_failures(found, console)
    _print_warnings(found, console)
    _print_slow(found, console)
    _print_path(found, console)
    _print_flaky(found, console)
    stream.flush()


def _print_run(found: Diagnosis, console: Console) -> None:
    run = found.run
    place = ", ".join(str(part) for part in (run["project_name"], run["environment"], run["job_name"]) if part)
    outcome = {True: ("succeeded", "bold green"), False: ("failed", "bold red"), None: ("executed nothing", "yellow")}
    word, style = outcome[run["is_success"]]
    title = Text(_text(f"{run['command']} of {place} "), style="bold")
    title.append("was aborted" if run["is_aborted"] else word, style=style)
    console.print(title)
    seconds = run["span_seconds"] if run["span_seconds"] is not None else run["elapsed_seconds"]
    at = run["started_at"] or run["completed_at"]
    parts = [
        f"{_time(at)} UTC" if at is not None else "",
        _seconds(seconds),
        _count(run["threads"], "thread") if run["threads"] else "",
        f"dbt {run['dbt_version']}" if run["dbt_version"] else "",
        f"commit {run['git_sha']}" if run["git_sha"] else "",
        f"invocation {run['invocation_id']}",
    ]
    _line(console, " · ".join(part for part in parts if part))
    counts = ("success", "warn", "failure", "skipped")
    _line(console, " · ".join(f"{run[f'{name}_count']} {name}" for name in counts if run[f"{name}_count"]))


def _print_failures(found: Diagnosis, console: Console) -> None:
    if not (found.failures or found.skipped_without_cause):
        return
    _title(console, "What failed, and what was skipped for it")
    for row in found.failures:
        console.print(Text(f"✗ {_text(row['unique_id'])}", style="bold red"))
        message = " ".join((row["message"] or "").split())
        _line(console, f"  {row['status']}: {message[:300]}" if message else f"  {row['status']}")
        if row["skipped_count"]:
            _line(console, f"  skipped for it: {row['skipped_count']}: {_names(row['skipped_unique_ids'])}")
        if row["failing_since"] is not None:
            fields = row["opening_changed_fields"]
            change = f"; changed then: {', '.join(fields)}" if fields else ""
            _line(console, f"  failing since {_time(row['failing_since'])}{change}")
        if row["failing_parent_unique_ids"]:
            _line(console, f"  failing upstream of it: {_names(row['failing_parent_unique_ids'])}")
    if found.skipped_without_cause:
        ids = [row["unique_id"] for row in found.skipped_without_cause]
        _line(console, f"skipped without a known failure upstream: {len(ids)}: {_names(ids)}")


def _print_warnings(found: Diagnosis, console: Console) -> None:
    if found.warnings:
        _title(console, "What warned")
        for row in found.warnings:
            _line(console, f"! {row['unique_id']}" + (f": {_count(row['failures'], 'row')}" if row["failures"] else ""))


def _print_slow(found: Diagnosis, console: Console) -> None:
    if not found.slow:
        return
    _title(console, "What is slower than usual")
    grid = _grid("node", ">took", ">usually", ">times", "since", "what changed then")
    for row in found.slow:
        fields = [f"definition ({', '.join(row['changed_fields'])})" if row["changed_fields"] else "definition"]
        words = {
            "definition": fields[0],
            "dbt_version": f"dbt {row['previous_dbt_version']} → {row['dbt_version']}",
            "threads": f"threads {row['previous_threads']} → {row['threads']}",
            "rows_affected": "rows affected",
        }
        changes = ", ".join(words.get(change, change) for change in row["changes"]) or "nothing that is known"
        times = "" if row["slowdown_ratio"] is None else f"{row['slowdown_ratio']:.1f}×"
        times_taken = (_seconds(row["execution_seconds"]), _seconds(row["baseline_seconds"]), times)
        _row(grid, row["unique_id"], *times_taken, _time(row["began_at"]), changes)
    console.print(grid)


def _print_path(found: Diagnosis, console: Console) -> None:
    if not found.critical_path:
        return
    _title(console, "What decided how long it took")
    grid = _grid(">step", "node", ">starts after", ">waits", ">takes", ">drag")
    for row in found.critical_path:
        seconds = ("started_after_seconds", "queued_seconds", "execution_seconds", "drag_seconds")
        _row(grid, str(row["step"]), row["unique_id"], *(_seconds(row[name]) for name in seconds))
    console.print(grid)
    _line(console, "drag: how much sooner the fastest possible schedule would end had the node taken no time")


def _print_flaky(found: Diagnosis, console: Console) -> None:
    if not found.flaky_tests:
        return
    _title(console, "Flaky tests")
    grid = _grid("test", ">flips", ">executions", ">failures", "last flip", "in this run")
    for row in found.flaky_tests:
        counts = (str(row[name]) for name in ("flip_count", "executed_count", "failure_count"))
        _row(grid, row["unique_id"], *counts, _time(row["last_flip_at"]), "fails" if row["is_failing_here"] else "")
    console.print(grid)


def _title(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold underline"))


def _line(console: Console, text: str) -> None:
    console.print(Text(_text(text)), soft_wrap=True)


def _grid(*headers: str) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        is_number = header.startswith(">")
        grid.add_column(header.removeprefix(">"), justify="right" if is_number else "left", overflow="fold")
    return grid


def _row(grid: Table, *cells: str) -> None:
    grid.add_row(*(Text(_text(cell)) for cell in cells))


def _text(value: Any) -> str:
    return escape_control_characters(str(value)).replace("\n", "⏎").replace("\t", " ")


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _time(time: datetime | None) -> str:
    return "" if time is None else time.isoformat(" ", "minutes")


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{max(seconds, 0):.2f} s" if seconds < 120 else f"{int(seconds // 60)} min {int(seconds % 60):02} s"
