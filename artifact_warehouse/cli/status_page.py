"""The status of a warehouse as one screen: the last runs, what fails, what is stale or flaky, and what to ask next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from artifact_warehouse.cli.cells import age, size
from artifact_warehouse.cli.echo import escape_control_characters
from artifact_warehouse.cli.formats import answer_columns, result_lines
from artifact_warehouse.cli.layout import fitting_widths, painted, table_lines, wrapped
from artifact_warehouse.cli.terminal import UNICODE, Terminal

Sections = dict[str, pa.Table]
Row = dict[str, Any]
Age = Callable[["datetime | None"], str]
Sentence = Callable[[Row, Age], str]

_FULL = Terminal(100_000, 100_000, UNICODE, False)
_NAMED = 4
_RUNS = 8
"""How many failures and runs are shown. `failures` and `runs` list all."""


def status_lines(warehouse: Path, sections: Sections, screen: Terminal | None, now: datetime) -> Iterator[str]:
    """The lines of the page: for a terminal, or in full width."""
    page = _Page(screen or _FULL, now)
    yield from page.file(warehouse, sections)
    yield from page.runs(sections["last_runs"])
    nodes = [row for row in sections["failing"].to_pylist() if row["resource_type"] != "source"]
    yield from page.first_of("failing", nodes, _failing, "red")
    yield from page.first_of("stale", sections["stale"].to_pylist(), _stale, "yellow")
    yield from page.first_of("flaky", sections["flaky"].to_pylist(), _flaky, "yellow")
    yield from page.first_of("quarantined", sections["quarantined"].to_pylist(), _quarantined, "yellow")
    if "tables" in sections:
        yield ""
        yield from result_lines(sections["tables"], page.screen, is_wide=False)
    yield ""
    yield from page.prose(f"next: artifact-warehouse {_next(sections)}".replace("WH", str(warehouse)))


class _Page:
    def __init__(self, screen: Terminal, now: datetime) -> None:
        self.screen = screen
        self._now = now

    def file(self, warehouse: Path, sections: Sections) -> Iterator[str]:
        artifacts = sections["artifacts"].to_pylist()
        times = [row["last_loaded_at"] for row in artifacts if row["last_loaded_at"]]
        projects = [project for project in sections["environments"]["project"].unique().to_pylist() if project]
        parts = (
            str(warehouse),
            size(warehouse.stat().st_size),
            f"{sum(row['artifacts'] for row in artifacts):,} artifacts",
            f"last load {self._age(max(times))}" if times else "nothing is loaded yet",
            ", ".join(projects),
        )
        yield from self.prose(f" {self.screen.glyphs.dot} ".join(part for part in parts if part))

    def runs(self, last_runs: pa.Table) -> Iterator[str]:
        """The last run of each job and command; the first project and environment are those of the last run."""
        if not last_runs.num_rows:
            return
        projects = ["project_name"] if len(last_runs["project_name"].unique()) > 1 else []
        names = [name for name in last_runs.column_names if name != "project_name"]
        columns = answer_columns(last_runs.slice(0, _RUNS).select([*projects, *names]), self._now)
        yield ""
        widths = fitting_widths(columns, self.screen.width)
        yield from table_lines(columns, widths, self.screen.glyphs, is_coloured=self.screen.is_coloured)
        if last_runs.num_rows > _RUNS:
            yield f"and {last_runs.num_rows - _RUNS} more: see `runs`"

    def first_of(self, title: str, rows: list[Row], sentence: Sentence, style: str) -> Iterator[str]:
        """A line for each row, the first rows only."""
        if not rows:
            return
        yield ""
        head = f"{len(rows)} {title}"
        yield painted(head, style) if self.screen.is_coloured else head
        for row in rows[:_NAMED]:
            yield from self.prose(f"  {sentence(row, self._age)}")
        if len(rows) > _NAMED:
            yield f"  and {len(rows) - _NAMED} more"

    def prose(self, text: str) -> Iterator[str]:
        yield from wrapped(escape_control_characters(text), self.screen.width, "    ")

    def _age(self, moment: datetime | None) -> str:
        return "never" if moment is None else age((self._now - moment).total_seconds())


def _failing(row: Row, age_of: Age) -> str:
    changed = f"; changed then: {', '.join(row['changed_then'])}" if row["changed_then"] else ""
    exposures = row["exposure_unique_ids"]
    reach = f"; reaches {', '.join(name.split('.')[-1] for name in exposures)}" if exposures else ""
    since = age_of(row["failing_since_at"])
    times = "once" if row["failure_count"] == 1 else f"{row['failure_count']} times"
    return f"{_named(row)}: since {since}, failed {times}{changed}{reach}"


def _stale(row: Row, age_of: Age) -> str:
    loaded = f"last loaded {age_of(row['last_loaded_at'])}" if row["last_loaded_at"] else row["error"] or "no rows"
    return f"{_named(row)}: {row['status']}, {loaded}"


def _flaky(row: Row, age_of: Age) -> str:
    return f"{_named(row)}: {row['flip_count']} flips, the last {age_of(row['last_flip_at'])}"


def _quarantined(row: Row, _: Age) -> str:
    return f"{row['uri']}: {row['error']}"


def _named(row: Row) -> str:
    return f"{row['name']} ({row['environment']})"


def _next(sections: Sections) -> str:
    """The command that answers the question that comes next."""
    if not sections["last_runs"].num_rows:
        return "load WH target/"
    if sections["failing"].num_rows:
        return "failures WH"
    if "failed" in sections["last_runs"]["outcome"].to_pylist():
        return "diagnose WH"
    return "slow WH --since 7d"
