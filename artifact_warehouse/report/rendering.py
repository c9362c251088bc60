"""From a connection to the report: which runs, which tables, which parts of the file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from artifact_warehouse.report.graphs import graphs_of, scopes_of
from artifact_warehouse.report.html_file import html_file
from artifact_warehouse.report.tables import CORE, DETAILS, Choice, Tables, read_tables, shown_sql
from artifact_warehouse.storage import replacement, require_labels

WHOLE_RUNS = 30
"""How many runs of each job have a whole timeline. So have all that failed, and with `is_full` all runs."""

FRAME_PIXELS = 720
"""The height of the page in a notebook."""


@dataclass(frozen=True)
class Report:
    """One HTML file that needs nothing else."""

    html: str
    title: str = ""

    def __repr__(self) -> str:
        """The title and the size: the text itself is megabytes long."""
        return f"Report({self.title!r}, {len(self.html.encode()) / 1e6:.1f} MB; save(path) writes it)"

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame, which reaches nothing of the notebook."""
        style = f"width: 100%; height: {FRAME_PIXELS}px; border: 1px solid #b9b3a6"
        attributes = {"title": self.title, "sandbox": "allow-scripts", "style": style, "srcdoc": self.html}
        written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
        return f"<iframe {written}></iframe>"

    def save(self, path: str | Path) -> Path:
        """Write the file. A reader sees the older file or the whole new one."""
        target = Path(path)
        with replacement(target) as new:
            new.write_text(self.html, encoding="utf-8")
        return target


def render_report(
    connection: duckdb.DuckDBPyConnection,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
    days: int | None = None,
    title: str | None = None,
    is_full: bool = False,
) -> Report:
    """One HTML page with the history of all projects and environments, or of some.

    `days` leaves out runs that are older, counted back from the last run. Timelines are whole for the last 30 runs of
    each job and for all runs that failed, or with `is_full` for all; of the other runs the page has the result and the
    time of each node. Raises UnknownLabel.
    """
    require_labels(connection, project=project, environment=environment, job=job)
    file, latest = _file_and_latest(connection)
    since = latest - timedelta(days=days) if days is not None and latest is not None else None
    choice = Choice(project, environment, job, since, None if is_full else WHOLE_RUNS)
    tables = read_tables(connection, (*CORE, *DETAILS), choice)
    core, details = ({name: tables[name] for name in names} for names in (CORE, DETAILS))
    shown_title = title or "dbt, run by run"
    about = {
        "title": shown_title,
        "written": int(time.time() * 1000),
        "latest": _milliseconds(latest),
        "since": _milliseconds(since),
        "warehouse": file,
        "wholeRuns": choice.whole_runs,
        "sql": {name: shown_sql(name, choice) for name in (*CORE, *DETAILS)},
    }
    return Report(html_file(shown_title, _parts(about, core, details)), shown_title)


def _file_and_latest(connection: duckdb.DuckDBPyConnection) -> tuple[str, datetime | None]:
    sql = "SELECT current_database(), max(generated_at) FROM v1.invocations"
    [(file, latest)] = connection.execute(sql).fetchall()
    return file, latest


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=timezone.utc).timestamp() * 1000)


def _parts(about: dict[str, Any], core: Tables, details: Tables) -> dict[str, str]:
    """The data of the page, in the parts that it unpacks one after the other."""
    from artifact_warehouse.report.packing import all_ids, deflate, pack_tables  # imports pyarrow.compute

    scopes = scopes_of(core)
    graphs = graphs_of(core, scopes)
    core["definitions"] = core["definitions"].drop_columns(["depends_on_nodes"])
    ids = all_ids([*core.values(), *details.values()])
    whole = {**about, "ids": ids.to_pylist(), "scopes": scopes, "graphs": graphs, "tables": pack_tables(core, ids)}
    return {"core": deflate(whole), "details": deflate({"tables": pack_tables(details, ids)})}
