"""The commands about lineage: `columns` resolves the lineage of columns, `lineage` shows a node's or a column's."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artifact_warehouse.cli.options import LOG_FORMAT, NODE, TIMES, WAIT, WAREHOUSE, talk
from artifact_warehouse.cli.output import Output, opened, print_line, print_table, reporting, result_options, stdout
from artifact_warehouse.cli.terminal import terminal

if TYPE_CHECKING:
    from artifact_warehouse.lineage import ColumnsReport


@click.command()
@WAREHOUSE
@WAIT
@LOG_FORMAT
@result_options(to_file=False)
def columns(warehouse: Path, wait: float, output: Output) -> None:
    """Resolve the column lineage of all compiled code that is new since the last call.

    \b
    Example:
      artifact-warehouse columns dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, wait=wait) as wh, talk().progress("resolving") as progress:
        report = wh.resolve_columns(progress=progress)
    log_columns(report, warehouse)
    with reporting(str(report)):
        if output.format == "table":
            print_line(str(report))
        else:
            print_table(report.to_arrow(), output)


def log_columns(report: ColumnsReport, warehouse: Path) -> None:
    """Log the counts of a ColumnsReport, where messages are JSON."""
    counts = {f"{status}_count": count for status, count in report.counts().items()}
    unchanged = {"unchanged_count": report.unchanged_count, "warehouse": str(warehouse)}
    talk().log("info", "columns", str(report), **counts, **unchanged)


@click.command()
@WAREHOUSE
@NODE
@click.option("--up", "direction", flag_value="up", help="Only the nodes that NODE depends on.")
@click.option("--down", "direction", flag_value="down", help="Only the nodes that depend on NODE.")
@click.option("--column", metavar="COLUMN", help="The lineage of this column; `columns` resolves it first.")
@click.option("--depth", type=click.IntRange(min=1), help="The largest number of steps from NODE.")
@click.option(
    "--across", is_flag=True, help="Continue in other projects: at external nodes, and at sources that a project makes."
)
@click.option(
    "--at", metavar="TIME", type=click.DateTime(TIMES), help="The lineage at this time (UTC, or with an offset)."
)
@WAIT
@result_options("tree", default=None)
def lineage(
    warehouse: Path,
    node: str,
    direction: str | None,
    column: str | None,
    wait: float,
    output: Output,
    **options: Any,
) -> None:
    """Show what a node depends on and what depends on it: a tree on a terminal, rows elsewhere.

    NODE is a unique_id or a name that only one node has. The tree of a column names the transformation at each step;
    in brackets, how the column shapes the rows of a node.

    \b
    Example:
      artifact-warehouse lineage dbt.duckdb orders --column amount --down --depth 2 --at 2026-11-01
    """
    from artifact_warehouse.cli.trees import lineage_tree, print_trees
    from artifact_warehouse.warehouse import Warehouse

    directions = (direction,) if direction else ("up", "down")
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = (
            wh.lineage(node, directions, **options)
            if column is None
            else wh.column_lineage(node, column, directions, **options)
        )
    if output.format != "tree" and not (output.format is None and sys.stdout.isatty()):
        print_table(found.rows, output)
        return
    screen = terminal() if output.path is None else None
    width = screen.width if screen else None
    trees = [lineage_tree(found, title, options["depth"], width) for title in found.edges]
    if output.path is None:
        with stdout() as text:
            print_trees(trees, text)
    else:
        with opened(output.path) as stream:
            print_trees(trees, io.TextIOWrapper(stream, encoding="utf-8"))
