"""The commands about the warehouse file: `status`, `views`, `query`, `migrate`, `prune` and `verify`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.options import LOG_FORMAT, TIMES, WAIT, WAREHOUSE, ExitCode, size_option, talk
from artifact_warehouse.cli.output import (
    Output,
    is_written_by_batch,
    print_json,
    print_line,
    print_table,
    reporting,
    result_options,
)
from artifact_warehouse.errors import QueryFailed
from artifact_warehouse.process import memory


@click.command()
@WAREHOUSE
@WAIT
@click.option(
    "--format", "output_format", type=click.Choice(["table", "json"]), default="table", help="The format of the result."
)
def status(warehouse: Path, wait: float, output_format: str) -> None:
    """Show projects, environments, artifacts, the sizes of tables, and quarantined files.

    \b
    Example:
      artifact-warehouse status dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        sections = wh.status()
    if output_format == "json":
        print_json({name: table.to_pylist() for name, table in sections.items()})
        return
    for name, table in sections.items():
        if table.num_rows:
            print_line(f"{name.replace('_', ' ')}\n")
            print_table(table, Output("table"))
            print_line("")


@click.command()
@WAREHOUSE
@click.argument("name", required=False)
@WAIT
@result_options()
def views(warehouse: Path, name: str | None, wait: float, output: Output) -> None:
    """List the views of schema v1; with NAME, the columns of one view.

    \b
    Example:
      artifact-warehouse views dbt.duckdb node_success_rates
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        if name is None:
            print_table(wh.describe_views(), output)
        else:
            file, columns = wh.describe_view(name)
            about = f"{file.full_name}: {file.summary}\none row per {', '.join(file.grain)}\n"
            if output == Output("table"):
                print_line(about)
            else:
                talk().say("info", "view", about)
            print_table(columns, output)


@click.command()
@WAREHOUSE
@click.argument("sql")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    help="Stop a query that takes longer; 0 for no limit.",
)
@size_option("--memory-limit", None, "Of DuckDB, and again of the result. By default 40% of the memory each.")
@WAIT
@result_options()
def query(warehouse: Path, sql: str, wait: float, output: Output, timeout: float, memory_limit: int | None) -> None:
    """Run SQL. It can write nothing, read no other file and change no setting. SQL is - to read it from stdin.

    CSV, JSON, Parquet and Markdown are written as the rows come, except to a terminal.

    \b
    Example:
      artifact-warehouse query dbt.duckdb "from v1.test_failure_rates order by failure_rate desc limit 5"
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        statement = _read_stdin() if sql == "-" else sql
        limit = wh.default_memory_limit() if memory_limit is None else memory_limit
        with _limited(limit):
            if is_written_by_batch(output):
                batches = wh.query_batches(statement, is_confined=True, timeout=timeout, memory_limit=limit)
                print_table(batches.reader, output, batches.json_columns)
            else:
                result = wh.query(statement, is_confined=True, timeout=timeout, memory_limit=limit)
                print_table(result.table, output, result.json_columns)


_HEADROOM_BYTES = 128 * 1024**2
"""Of Python and of the formats, beside DuckDB and the result."""


@contextmanager
def _limited(limit_bytes: int) -> Iterator[None]:
    """Limit all memory of the process: DuckDB does not count the texts that an expression makes."""
    try:
        with memory(2 * limit_bytes + _HEADROOM_BYTES):
            yield
    except MemoryError as error:
        raise QueryFailed("the result needs more memory to be written; select less, or raise --memory-limit") from error


def _read_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"stdin: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"stdin: is not UTF-8: {error}") from error


@click.command()
@WAREHOUSE
@click.option("--list", "list_only", is_flag=True, help="Print the changes, and make none.")
@WAIT
@LOG_FORMAT
def migrate(warehouse: Path, list_only: bool, wait: float) -> None:
    """Migrate a warehouse of an earlier release.

    \b
    Example:
      artifact-warehouse migrate dbt.duckdb --list
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    changes = wh.pending_changes()  # raises WarehouseNotFound, where `migrate` would create a file
    if list_only:
        for change in changes:
            print_line(change)
        return
    wh.migrate()
    with reporting("the warehouse was migrated"):
        for change in changes:
            print_line(change)


@click.command()
@WAREHOUSE
@click.option(
    "--before", type=click.DateTime(TIMES), required=True, help="Remove what is older (UTC, or with an offset)."
)
@click.option("--keep-daily-rates", is_flag=True, help="Keep counts by day, so that no rate changes.")
@click.option("-y", "--yes", is_flag=True, help="Remove without asking. Without it, a terminal asks first.")
@WAIT
@LOG_FORMAT
@result_options(to_file=False)
def prune(warehouse: Path, yes: bool, wait: float, output: Output, **options: Any) -> None:
    """Print what is older than a time, then remove it and shrink the file.

    \b
    Example:
      artifact-warehouse prune dbt.duckdb --before 2026-01-01 --keep-daily-rates
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    planned = wh.prune(**options)
    print_table(planned.to_arrow(), output)
    is_confirmed = yes or (sys.stdin.isatty() and click.confirm("Prune?", err=True))
    if not is_confirmed:
        talk().say("info", "planned", "nothing was changed; --yes prunes")
        return
    done = wh.prune(**options, dry_run=False)
    sizes = {"size_bytes_before": done.size_bytes_before, "size_bytes_after": done.size_bytes_after or 0}
    talk().say("info", "pruned", "pruned: the file had {:,} bytes and has {:,}".format(*sizes.values()), **sizes)


@click.command()
@WAREHOUSE
@WAIT
@LOG_FORMAT
def verify(warehouse: Path, wait: float) -> None:
    """Check the views' contract, the integrity of the tables, and invariants; exit with 1 where one is broken.

    \b
    Example:
      artifact-warehouse verify dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        broken = wh.verify()
    for line in broken:
        print_line(line)
    if broken:
        talk().log("error", "broken", "; ".join(broken), broken_count=len(broken))
        sys.exit(ExitCode.FINDINGS)
    talk().say("info", "verified", "all is well")
