"""The command line: arguments in, a call of `Warehouse`, output out. stdout is data, stderr is talk."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artifact_warehouse.commands import (
    FILE,
    LOG_FORMAT,
    OUTPUT,
    TIMES,
    WAIT,
    WAREHOUSE,
    Commands,
    ExitCode,
    count_option,
    format_option,
    size_option,
    talk,
)
from artifact_warehouse.limits import Limits
from artifact_warehouse.lineagecommands import columns, lineage, log_columns
from artifact_warehouse.operationscommands import check, diagnose
from artifact_warehouse.printing import print_table
from artifact_warehouse.process import be_frugal, heed_interrupts

if TYPE_CHECKING:
    from artifact_warehouse.load import LoadReport, LoadSettings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="artifact-warehouse", message="%(prog)s %(version)s")
def cli() -> None:
    """A warehouse over dbt's artifacts, in one DuckDB file.

    WH is the warehouse: a file that `load` creates. Everything that is loaded can be queried in schema v1.
    """


cli.add_command(columns)
cli.add_command(lineage)
cli.add_command(check)
cli.add_command(diagnose)


@cli.command()
@WAREHOUSE
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--environment", help="Label what is loaded with an environment.")
@click.option("--job", help="Label what is loaded with a job.")
@click.option("--project", help="Label what is loaded with a project.")
@click.option("--strict", is_flag=True, help="Store nothing if any artifact cannot be read.")
@click.option("--redact", "patterns", multiple=True, metavar="PATTERN", help="Also hide what this expression matches.")
@click.option("--no-redact", is_flag=True, help="Store what looks like a secret as it is.")
@size_option("--max-artifact-size", Limits().artifact_bytes, "Quarantine what is larger, unread.")
@size_option("--max-archive-size", Limits().archive_bytes, "Read no more than this out of one archive.")
@count_option("--max-values", Limits().values, "Quarantine what has more of them.")
@count_option("--max-entries", Limits().entries, "Of nodes, results and the like in one artifact.")
@click.option("--columns", "with_columns", is_flag=True, help="Then resolve the columns, as `columns` does.")
@click.option("--publish", type=FILE, metavar="FILE", help="Replace this copy for readers, once all is loaded.")
@WAIT
@LOG_FORMAT
@format_option()
@click.option("-v", "--verbose", is_flag=True, help="Print what became of every file.")
def load(
    warehouse: Path,
    paths: tuple[str, ...],
    environment: str | None,
    job: str | None,
    project: str | None,
    strict: bool,
    patterns: tuple[str, ...],
    no_redact: bool,
    max_artifact_size: int,
    max_archive_size: int,
    max_values: int,
    max_entries: int,
    with_columns: bool,
    publish: Path | None,
    wait: float,
    output_format: str,
    verbose: bool,
) -> None:
    """Load artifacts; what is in the warehouse already is left alone.

    PATH is a file, a folder, a glob, an archive (.tar, .tar.gz, .zip), an s3://, gs:// or az:// URI, or - for one
    artifact on stdin.

    \b
    Example:
      artifact-warehouse load dbt.duckdb target/ --environment prod --job nightly
    """
    from artifact_warehouse.load import LoadSettings
    from artifact_warehouse.warehouse import Warehouse

    if no_redact and patterns:
        raise click.UsageError("--redact and --no-redact contradict each other")
    settings = click.get_current_context().find_object(LoadSettings) or LoadSettings()
    with Warehouse(warehouse, wait=wait) as wh, talk().progress() as progress:
        report = wh.load(
            paths,
            environment=environment,
            job=job,
            project=project,
            strict=strict,
            redact=patterns or not no_redact,
            limits=Limits(max_artifact_size, max_archive_size, max_values, max_entries),
            columns=with_columns,
            publish=publish,
            progress=progress,
            settings=settings,
        )
    _talk_about(report, verbose)
    counts = {f"{name}_count": len(getattr(report, name)) for name in ("loaded", "unchanged", "quarantined")}
    talk().log("info", "done", str(report), **counts, warehouse=str(warehouse), published=publish and str(publish))
    if report.columns:
        log_columns(report.columns, warehouse)
    if output_format == "table":
        click.echo(str(report))
        if report.columns:
            click.echo(str(report.columns))
    else:
        print_table(report.to_arrow(), output_format)
    if report.quarantined:
        sys.exit(ExitCode.FINDINGS)


@cli.command()
@WAREHOUSE
@WAIT
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table")
def status(warehouse: Path, wait: float, output_format: str) -> None:
    """Show what is in the warehouse.

    \b
    Example:
      artifact-warehouse status dbt.duckdb
    """
    from artifact_warehouse import output
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        sections = wh.status()
    if output_format == "json":
        click.echo(output.to_json({name: table.to_pylist() for name, table in sections.items()}))
        return
    for name, table in sections.items():
        if table.num_rows:
            click.echo(f"{name.replace('_', ' ')}\n")
            print_table(table, "table")
            click.echo()


@cli.command()
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


@cli.command()
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


@cli.command()
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


@cli.command()
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


@cli.command()
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


def _talk_about(report: LoadReport, verbose: bool) -> None:
    said = talk()
    for outcome in report.outcomes if verbose else report.quarantined:
        level = "warning" if outcome.status == "quarantined" else "info"
        reason = f": {outcome.reason}" if outcome.reason else ""
        fields = {name: value for name, value in outcome._asdict().items() if name != "status"}
        said.say(level, outcome.status, f"{outcome.status} {outcome.uri}{reason}", **fields)
    if report.skipped:
        count = len(report.skipped)
        said.say("info", "skipped", f"skipped {count} JSON files that are no dbt artifacts", skipped_count=count)


def main(settings: LoadSettings | None = None) -> None:
    """The command line, from the arguments of this process; `settings` are those of a load."""
    heed_interrupts()
    be_frugal()
    cli(prog_name="artifact-warehouse", obj=settings)
