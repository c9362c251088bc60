"""The command `load`: artifacts in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artifact_warehouse.cli.lineage import log_columns
from artifact_warehouse.cli.options import (
    FILE,
    LOG_FORMAT,
    WAIT,
    WAREHOUSE,
    ExitCode,
    count_option,
    format_option,
    size_option,
    talk,
)
from artifact_warehouse.cli.output import print_table
from artifact_warehouse.limits import Limits

if TYPE_CHECKING:
    from artifact_warehouse.load import LoadReport


@click.command()
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


def _talk_about(report: LoadReport, verbose: bool) -> None:
    said = talk()
    for outcome in report.outcomes if verbose else report.quarantined:
        level = "warning" if outcome.status == "quarantined" else "info"
        reason = f": {outcome.reason}" if outcome.reason else ""
        fields = {name: value for name, value in outcome._asdict().items() if name != "status"}
        trace = f"\n{outcome.trace.rstrip()}" if outcome.trace and not said.is_json else ""
        said.say(level, outcome.status, f"{outcome.status} {outcome.uri}{reason}{trace}", **fields)
    if report.skipped:
        count = len(report.skipped)
        said.say("info", "skipped", f"skipped {count} JSON files that are no dbt artifacts", skipped_count=count)
