"""The commands about lineage: `columns`, which finds out where columns come from, and `lineage`, which shows it."""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artifact_warehouse.cli.options import LOG_FORMAT, OUTPUT, TIMES, WAIT, WAREHOUSE, format_option, talk
from artifact_warehouse.cli.output import opened, print_table

if TYPE_CHECKING:
    from artifact_warehouse.lineage import ColumnsReport


@click.command()
@WAREHOUSE
@WAIT
@LOG_FORMAT
@format_option()
def columns(warehouse: Path, wait: float, output_format: str) -> None:
    """Find out from compiled code which columns come from which: what changed since the last time, over all history.

    \b
    Example:
      artifact-warehouse columns dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, wait=wait) as wh, talk().progress("resolving") as progress:
        report = wh.resolve_columns(progress=progress)
    log_columns(report, warehouse)
    if output_format == "table":
        click.echo(str(report))
    else:
        print_table(report.to_arrow(), output_format)


def log_columns(report: ColumnsReport, warehouse: Path) -> None:
    """Say to machines what became of the columns."""
    counts = {f"{status}_count": count for status, count in report.counts().items()}
    unchanged = {"unchanged_count": report.unchanged_count, "warehouse": str(warehouse)}
    talk().log("info", "columns", str(report), **counts, **unchanged)


@click.command()
@WAREHOUSE
@click.argument("node")
@click.option("--up", "direction", flag_value="up", help="Only what it depends on.")
@click.option("--down", "direction", flag_value="down", help="Only what depends on it.")
@click.option("--column", metavar="COLUMN", help="The lineage of this column instead; see `columns`.")
@click.option("--depth", type=click.IntRange(min=1), help="How many steps at most.")
@click.option("--at", type=click.DateTime(TIMES), help="As it stood at this time (UTC, or with an offset).")
@WAIT
@format_option("tree", default=None)
@OUTPUT
def lineage(
    warehouse: Path,
    node: str,
    direction: str | None,
    column: str | None,
    depth: int | None,
    at: datetime | None,
    wait: float,
    output_format: str | None,
    output: Path | None,
) -> None:
    """Show what a node depends on and what depends on it: a tree on a terminal, rows elsewhere.

    NODE is a unique_id or a name that only one node has. Of a column, a tree says what each step does to it; in
    brackets, how it shapes the rows of a node.

    \b
    Example:
      artifact-warehouse lineage dbt.duckdb orders --column amount --down --depth 2 --at 2026-11-01
    """
    from artifact_warehouse.cli.formats import lineage_tree, print_trees
    from artifact_warehouse.warehouse import Warehouse

    directions = (direction,) if direction else ("up", "down")
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = (
            wh.column_lineage(node, column, directions, depth, at)
            if column is not None
            else wh.lineage(node, directions, depth, at)
        )
    is_tree = output_format == "tree" or (output_format is None and output is None and sys.stdout.isatty())
    if not is_tree:
        print_table(found.rows, output_format or "table", output)
        return
    trees = [lineage_tree(found, title, depth) for title in found.edges]
    if output is None:
        print_trees(trees, sys.stdout)
    else:
        with opened(output) as stream:
            print_trees(trees, io.TextIOWrapper(stream, encoding="utf-8"))
