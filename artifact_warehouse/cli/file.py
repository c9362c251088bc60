"""The commands about the file: `status`, `views`, `query`, `migrate`, `prune` and `verify`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from artifact_warehouse.cli.options import LOG_FORMAT, OUTPUT, TIMES, WAIT, WAREHOUSE, ExitCode, format_option, talk
from artifact_warehouse.cli.output import print_table


@click.command()
@WAREHOUSE
@WAIT
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table")
def status(warehouse: Path, wait: float, output_format: str) -> None:
    """Show what is in the warehouse.

    \b
    Example:
      artifact-warehouse status dbt.duckdb
    """
    from artifact_warehouse.cli.formats import to_json
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        sections = wh.status()
    if output_format == "json":
        click.echo(to_json({name: table.to_pylist() for name, table in sections.items()}))
        return
    for name, table in sections.items():
        if table.num_rows:
            click.echo(f"{name.replace('_', ' ')}\n")
            print_table(table, "table")
            click.echo()


@click.command()
@WAREHOUSE
@click.argument("name", required=False)
@WAIT
@format_option()
@OUTPUT
def views(warehouse: Path, name: str | None, wait: float, output_format: str, output: Path | None) -> None:
    """List the public views; with NAME, the columns of one.

    \b
    Example:
      artifact-warehouse views dbt.duckdb node_success_rates
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        if name is None:
            print_table(wh.describe_views(), output_format, output)
        else:
            file, columns = wh.describe_view(name)
            is_data = output_format != "table" or output is not None
            click.echo(f"{file.full_name}: {file.summary}\none row per {', '.join(file.grain)}\n", err=is_data)
            print_table(columns, output_format, output)


@click.command()
@WAREHOUSE
@click.argument("sql")
@WAIT
@format_option()
@OUTPUT
def query(warehouse: Path, sql: str, wait: float, output_format: str, output: Path | None) -> None:
    """Run SQL, read-only and on this file only; - reads it from stdin.

    \b
    Example:
      artifact-warehouse query dbt.duckdb "from v1.test_failure_rates order by failure_rate desc limit 5"
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        wh.confine()
        result = wh.query(sys.stdin.read() if sql == "-" else sql)
        print_table(result.table, output_format, output, result.json_columns)


@click.command()
@WAREHOUSE
@click.option("--list", "list_only", is_flag=True, help="Say what would be done, and change nothing.")
@WAIT
@LOG_FORMAT
def migrate(warehouse: Path, list_only: bool, wait: float) -> None:
    """Bring an older warehouse up to date with this release.

    \b
    Example:
      artifact-warehouse migrate dbt.duckdb --list
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    changes = wh.pending_changes()  # raises where there is no warehouse, which `migrate` would create
    for change in changes if list_only else wh.migrate():
        click.echo(change)


@click.command()
@WAREHOUSE
@click.option(
    "--before", type=click.DateTime(TIMES), required=True, help="What is older goes (UTC, or with an offset)."
)
@click.option("--keep-daily-rates", is_flag=True, help="Keep the rates as they are, as counts by day.")
@click.option("-y", "--yes", is_flag=True, help="Do it; without, only say what would go, or ask on a terminal.")
@WAIT
@LOG_FORMAT
@format_option()
def prune(
    warehouse: Path, before: datetime, keep_daily_rates: bool, yes: bool, wait: float, output_format: str
) -> None:
    """Take old runs out of the warehouse, and give their space back. First says what would go.

    \b
    Example:
      artifact-warehouse prune dbt.duckdb --before 2026-01-01 --keep-daily-rates
    """
    from artifact_warehouse.warehouse import Warehouse

    wh = Warehouse(warehouse, wait=wait)
    planned = wh.prune(before, keep_daily_rates=keep_daily_rates)
    print_table(planned.to_arrow(), output_format)
    is_to_be_done = yes or (sys.stdin.isatty() and click.confirm("Prune?", err=True))
    if not is_to_be_done:
        talk().say("info", "planned", "nothing was changed; --yes prunes")
        return
    done = wh.prune(before, keep_daily_rates=keep_daily_rates, dry_run=False)
    sizes = {"size_bytes_before": done.size_bytes_before, "size_bytes_after": done.size_bytes_after or 0}
    talk().say("info", "pruned", "pruned: the file had {:,} bytes and has {:,}".format(*sizes.values()), **sizes)


@click.command()
@WAREHOUSE
@WAIT
@LOG_FORMAT
def verify(warehouse: Path, wait: float) -> None:
    """Check the contract, the integrity and the invariants; exits 1 when one is broken.

    \b
    Example:
      artifact-warehouse verify dbt.duckdb
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        broken = wh.verify()
    for line in broken:
        click.echo(line)
    if broken:
        talk().log("error", "broken", "; ".join(broken), broken_count=len(broken))
        sys.exit(ExitCode.FINDINGS)
    talk().say("info", "verified", "all is well")
