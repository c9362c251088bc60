"""The command that writes the page that anyone can open: `report`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.options import (
    ENVIRONMENT,
    FILE,
    JOB,
    LOG_FORMAT,
    PROJECT,
    WAIT,
    WAREHOUSE,
    CommandFailed,
    talk,
)
from artifact_warehouse.cli.output import refuse_warehouse


@click.command()
@WAREHOUSE
@click.option("-o", "--output", "path", type=FILE, help="Write to this file, not to one beside WH with its name.")
@PROJECT
@ENVIRONMENT
@JOB
@click.option("--days", metavar="N", type=click.IntRange(min=1), help="Only the last N days before the last run.")
@click.option("--title", help="The title of the page.")
@click.option("--full", "is_full", is_flag=True, help="Hold all timelines, not the last 30 of each job.")
@click.option("--open", "is_opened", is_flag=True, help="Open the page in a browser.")
@WAIT
@LOG_FORMAT
def report(warehouse: Path, path: Path | None, is_opened: bool, wait: float, **choices: Any) -> None:
    """Write one HTML page with all that the warehouse knows.

    The page has runs, timelines, nodes and their history, lineage at any time, tests, sources, incidents, changes,
    costs and rules. It is one file, which holds its data and asks nothing of any network.

    \b
    Example:
      artifact-warehouse report dbt.duckdb -o dbt.html
    """
    from artifact_warehouse.warehouse import Warehouse

    target = path or warehouse.with_suffix(".html")
    refuse_warehouse(target)
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        page = wh.report(**choices)
    try:
        page.save(target)
    except OSError as error:
        raise CommandFailed(f"{target}: cannot be written: {error.strerror or error}") from error
    size_bytes = target.stat().st_size
    talk().say("info", "written", f"wrote {target}, {size_bytes / 1e6:.1f} MB", path=str(target), size_bytes=size_bytes)
    if is_opened:
        webbrowser.open(target.resolve().as_uri())
