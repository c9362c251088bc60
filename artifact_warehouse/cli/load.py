"""The command `load`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artifact_warehouse.cli.lineage import log_columns
from artifact_warehouse.cli.options import FILE, LOG_FORMAT, WAIT, WAREHOUSE, Command, ExitCode, size_option, talk
from artifact_warehouse.cli.output import Output, print_line, print_table, reporting, result_options
from artifact_warehouse.limits import Limits, text_of_size

if TYPE_CHECKING:
    from artifact_warehouse.load import LoadReport


_DBT_FILES = {"graph_summary.json", "perf_info.json", "osi_document.json", "semantic_manifest.json"}
"""JSON files of dbt that are not artifacts, or that are empty. The summary does not count them as skipped.

https://docs.getdbt.com/reference/artifacts/other-artifacts
"""


def _size_option(name: str, limit: str, explanation: str) -> Callable[[Command], Command]:
    return size_option(name, text_of_size(getattr(Limits(), limit)), explanation, limit)


def _count_option(name: str, limit: str, explanation: str) -> Callable[[Command], Command]:
    default, positive = getattr(Limits(), limit), click.IntRange(min=1)
    return click.option(name, limit, type=positive, default=default, show_default=True, help=explanation)


@click.command()
@WAREHOUSE
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--environment", help="Label the artifacts with an environment.")
@click.option("--job", help="Label the artifacts with a job.")
@click.option("--project", help="Label the artifacts with a project.")
@click.option("--strict", is_flag=True, help="Store nothing if any artifact cannot be read.")
@click.option(
    "--redact",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Also hide text that this regular expression matches.",
)
@click.option("--no-redact", is_flag=True, help="Store secrets as they are.")
@click.option("--redact-code", is_flag=True, help="Search code for secrets, too.")
@_size_option("--max-artifact-size", "artifact_bytes", "Quarantine larger artifacts, unread.")
@_size_option("--max-archive-size", "archive_bytes", "Unpack no more than this from one archive.")
@_count_option("--max-values", "values", "Quarantine artifacts with more values.")
@_count_option("--max-entries", "entries", "Quarantine artifacts with more entries (nodes, results) in a section.")
@click.option("--columns", is_flag=True, help="Then resolve the column lineage, as `columns` does.")
@click.option("--publish", type=FILE, metavar="FILE", help="At the end, replace this copy of WH for readers.")
@WAIT
@LOG_FORMAT
@result_options(to_file=False)
@click.option("-v", "--verbose", is_flag=True, help="Print the outcome of every file.")
def load(
    warehouse: Path,
    paths: tuple[str, ...],
    patterns: tuple[str, ...],
    no_redact: bool,
    redact_code: bool,
    wait: float,
    output: Output,
    verbose: bool,
    **options: Any,
) -> None:
    """Load artifacts; those that are stored already stay as they are.

    PATH is a file, a folder, a glob, an archive (.tar, .tar.gz, .zip), an s3://, gs:// or az:// URI, or - for one
    artifact on stdin.

    \b
    Example:
      artifact-warehouse load dbt.duckdb target/ --environment prod --job nightly
    """
    from artifact_warehouse.load import LoadSettings
    from artifact_warehouse.warehouse import Warehouse

    if no_redact and (patterns or redact_code):
        raise click.UsageError("--no-redact contradicts --redact and --redact-code")
    limits = Limits(**{name: options.pop(name) for name in Limits._fields if name in options})
    settings = click.get_current_context().find_object(LoadSettings) or LoadSettings()
    with Warehouse(warehouse, wait=wait) as wh, talk().progress() as progress:
        report = wh.load(
            paths,
            redact=patterns or not no_redact,
            redact_code=redact_code,
            limits=limits,
            progress=progress,
            settings=settings,
            **options,
        )
    talk_about(report, verbose)
    publish = options["publish"]
    log_done(report, warehouse, published=publish and str(publish))
    if report.columns:
        log_columns(report.columns, warehouse)
    with reporting(str(report)):
        if output.format == "table":
            print_line(str(report))
            if report.columns:
                print_line(str(report.columns))
        else:
            print_table(report.to_arrow(), output)
    if report.quarantined:
        sys.exit(ExitCode.FINDINGS)


def log_done(report: LoadReport, warehouse: Path, **fields: Any) -> None:
    """Log the end of a load or fetch, with its counts."""
    counts = {f"{name}_count": len(getattr(report, name)) for name in ("loaded", "unchanged", "quarantined")}
    talk().log("info", "done", str(report), **counts, warehouse=str(warehouse), **fields)


def talk_about(report: LoadReport, verbose: bool) -> None:
    """Say what could not be loaded; with `verbose`, what became of every artifact."""
    said = talk()
    for outcome in report.outcomes if verbose else (*report.quarantined, *report.unknown):
        level = "warning" if outcome.status in ("quarantined", "unknown_kind") else "info"
        reason = f": {outcome.reason}" if outcome.reason else ""
        fields = {name: value for name, value in outcome._asdict().items() if name != "status"}
        trace = f"\n{outcome.trace.rstrip()}" if outcome.trace and not said.is_json else ""
        event = outcome.status.replace("_", " ")
        said.say(level, outcome.status, f"{event} {outcome.uri}{reason}{trace}", **fields)
    skipped = [outcome for outcome in report.skipped if _file_name(outcome.uri) not in _DBT_FILES]
    if skipped:
        files = "a JSON file that is" if len(skipped) == 1 else f"{len(skipped):,} JSON files that are"
        said.say("info", "skipped", f"skipped {files} not an artifact of dbt", skipped_count=len(skipped))


def _file_name(uri: str) -> str:
    """The name of a file, without the ending of a compression."""
    return re.split(r"[/\\]", uri)[-1].removesuffix(".gz").removesuffix(".zst")
