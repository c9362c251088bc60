"""The commands that move the tables of a warehouse to Parquet files and back: `export` and `import`."""

from __future__ import annotations

from pathlib import Path

import click

from artifact_warehouse.cli.options import LOG_FORMAT, WAIT, WAREHOUSE, talk

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.command()
@WAREHOUSE
@_FOLDER
@WAIT
@LOG_FORMAT
def export(warehouse: Path, folder: Path, wait: float) -> None:
    """Write the tables of WH to Parquet files in FOLDER, which must be new or empty.

    A lake can read them, and `import` makes an equal warehouse of them.

    \b
    Example:
      artifact-warehouse export dbt.duckdb exported/
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        _say("exported", wh.export(folder))


@click.command("import")
@WAREHOUSE
@_FOLDER
@WAIT
@LOG_FORMAT
def import_(warehouse: Path, folder: Path, wait: float) -> None:
    """Make the warehouse WH of the Parquet files in FOLDER, which `export` wrote.

    \b
    Example:
      artifact-warehouse import copy.duckdb exported/
    """
    from artifact_warehouse.warehouse import Warehouse

    _say("imported", Warehouse(warehouse, wait=wait).import_tables(folder))


def _say(done: str, counts: dict[str, int]) -> None:
    rows, tables = sum(counts.values()), len(counts)
    talk().say("info", done, f"{done} {rows:,} rows of {tables} tables", row_count=rows, table_count=tables)
