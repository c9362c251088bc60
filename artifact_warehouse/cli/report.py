"""The commands that write pictures: `report`, a page that anyone can open, and `tile`, for a dashboard."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artifact_warehouse.cli.completion import complete
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
from artifact_warehouse.cli.output import print_json, refuse_warehouse

if TYPE_CHECKING:
    from artifact_warehouse.report import Report, Tile


@click.command()
@WAREHOUSE
@click.option("-o", "--output", "path", type=FILE, help="Write to this file; by default, to WH with the ending .html.")
@PROJECT
@ENVIRONMENT
@JOB
@click.option("--days", metavar="N", type=click.IntRange(min=1), help="Only the last N days before the last run.")
@click.option("--title", help="The title of the page.")
@click.option(
    "--full",
    "is_full",
    is_flag=True,
    help="Include all timelines, not only the last 30 of each job and those of failed runs.",
)
@click.option("--open", "is_opened", is_flag=True, help="Open the page in a browser.")
@WAIT
@LOG_FORMAT
def report(warehouse: Path, path: Path | None, is_opened: bool, wait: float, **choices: Any) -> None:
    """Write one HTML page with all that the warehouse knows.

    The page has runs, timelines, nodes and their history, lineage at any time, tests, sources, incidents, changes,
    costs and rules. It is one file, which contains its data and makes no network request.

    \b
    Example:
      artifact-warehouse report dbt.duckdb -o dbt.html
    """
    from artifact_warehouse.warehouse import Warehouse

    target = path or warehouse.with_suffix(".html")
    refuse_warehouse(target)
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        page = wh.report(**choices)
    _save(page, target)
    size_bytes = target.stat().st_size
    talk().say("info", "written", f"wrote {target}, {size_bytes / 1e6:.1f} MB", path=str(target), size_bytes=size_bytes)
    if is_opened:
        webbrowser.open(target.resolve().as_uri())


@click.command()
@WAREHOUSE
@click.argument("exposure", shell_complete=complete("nodes"))
@click.option("-o", "--output", "path", type=FILE, help="Write to this file; its ending is the format.")
@PROJECT
@ENVIRONMENT
@WAIT
@LOG_FORMAT
def tile(warehouse: Path, exposure: str, path: Path | None, wait: float, **labels: Any) -> None:
    """Show the status tile of EXPOSURE: whether its data is fresh and its tests pass, since when, and why.

    EXPOSURE is a unique_id or a name. Without -o, the tile is printed as JSON. A file is .svg, .html or .json.

    \b
    Example:
      artifact-warehouse tile dbt.duckdb weekly_sales --environment prod -o weekly_sales.svg
    """
    from artifact_warehouse.report import TILE_FORMATS
    from artifact_warehouse.warehouse import Warehouse

    if path is not None:
        refuse_warehouse(path)
        if path.suffix.lower() not in TILE_FORMATS:
            raise click.UsageError(f"{path}: has none of the endings {', '.join(TILE_FORMATS)}; rename it")
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = wh.tile(exposure, **labels)
    if path is None:
        print_json(found.to_dict())
    else:
        _save(found, path)


def _save(picture: Report | Tile, path: Path) -> None:
    try:
        picture.save(path)
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be written: {error.strerror or error}") from error
