"""The commands for whoever is on call: `check`, whether all is as it should be, and `diagnose`, why it is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click

from artifact_warehouse.cli.options import LOG_FORMAT, TIMES, WAIT, WAREHOUSE, Command, ExitCode, talk
from artifact_warehouse.durations import duration_of_text

ENVIRONMENT = click.option("--environment", help="Only this environment.")
JOB = click.option("--job", help="Only runs of this job.")
PROJECT = click.option("--project", help="Only this project.")
SEVERITIES = click.Choice(["info", "warn", "error"])


def _to_rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        rate = float(Decimal(value.removesuffix("%")) / (100 if value.endswith("%") else 1))
    except (ArithmeticError, ValueError):
        rate = -1.0
    if not 0 <= rate <= 1:
        raise click.BadParameter(f"{value!r} is no rate; write 0.05 or 5%")
    return rate


def _to_duration(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    try:
        return None if value is None else duration_of_text(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _rate_option(name: str, explanation: str) -> Callable[[Command], Command]:
    return click.option(name, metavar="R", callback=_to_rate, help=explanation)


def _duration_option(name: str, explanation: str, default: str | None = None) -> Callable[[Command], Command]:
    shown = default is not None
    return click.option(name, metavar="T", callback=_to_duration, default=default, show_default=shown, help=explanation)


@click.command()
@WAREHOUSE
@_rate_option("--max-failure-rate", "At most this share of the runs in the window may have failed: 0.1 or 10%.")
@_rate_option("--max-test-failure-rate", "At most this share of the executed tests in the window may have failed.")
@_duration_option("--max-age", "The last successful run may be this old: 26h, 2d, 90m.")
@click.option("--max-failing", metavar="N", type=click.IntRange(min=0), help="Nodes whose last execution failed.")
@click.option("--freshness", type=click.Choice(["warn", "error"]), help="No source may be so stale, or worse.")
@click.option("--rules", type=SEVERITIES, help="No rule of v1.project_rules so severe, or more, may be broken.")
@click.option("--ignore-rule", "ignored_rules", multiple=True, metavar="RULE", help="But for this one.")
@_duration_option("--window", "How far back rates look.", "7d")
@click.option("--now", type=click.DateTime(TIMES), help="Count age and window from this time (UTC, or with an offset).")
@PROJECT
@ENVIRONMENT
@JOB
@WAIT
@LOG_FORMAT
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def check(
    warehouse: Path,
    max_failure_rate: float | None,
    max_test_failure_rate: float | None,
    max_age: timedelta | None,
    max_failing: int | None,
    freshness: str | None,
    rules: str | None,
    ignored_rules: tuple[str, ...],
    window: timedelta,
    now: datetime | None,
    project: str | None,
    environment: str | None,
    job: str | None,
    wait: float,
    output_format: str,
) -> None:
    """Exit with 1, and say why, where runs are not as good as asked for. Each project and environment by itself.

    JSON has the message under "text", where webhooks of chats look for it.

    \b
    Example:
      artifact-warehouse check dbt.duckdb --environment prod --max-failure-rate 5% --max-age 26h --freshness error
    """
    from artifact_warehouse.cli.echo import escape_control_characters, replace_unencodable
    from artifact_warehouse.cli.formats import to_json
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        report = wh.check(
            max_failure_rate=max_failure_rate,
            max_test_failure_rate=max_test_failure_rate,
            max_age=max_age,
            max_failing=max_failing,
            freshness=freshness,
            rules=rules,
            ignored_rules=ignored_rules,
            window=window,
            now=now,
            project=project,
            environment=environment,
            job=job,
        )
    if output_format == "json":
        click.echo(to_json(report.to_dict()).encode())
    else:
        replace_unencodable(sys.stdout)
        for finding in report.findings:
            click.echo(escape_control_characters(f"{'ok    ' if finding.is_passed else 'FAILED'}  {finding.sentence}"))
    if not report.is_passed:
        talk().log("error", "failed", "; ".join(report.reasons), failed_count=len(report.reasons))
        sys.exit(ExitCode.FINDINGS)


@click.command()
@WAREHOUSE
@click.argument("run", required=False)
@PROJECT
@ENVIRONMENT
@JOB
@WAIT
@LOG_FORMAT
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), help="How to print it; text on a terminal."
)
def diagnose(
    warehouse: Path,
    run: str | None,
    project: str | None,
    environment: str | None,
    job: str | None,
    wait: float,
    output_format: str | None,
) -> None:
    """Show why a run went as it did: a page on a terminal, JSON elsewhere.

    What failed and what it took with it, what is slower than it should be and since which change, what decided how long
    the run took, and which tests are flaky. RUN is an invocation_id or its beginning; without it, it is the last run.

    \b
    Example:
      artifact-warehouse diagnose dbt.duckdb --environment prod
    """
    from artifact_warehouse.cli.diagnosis_page import print_diagnosis
    from artifact_warehouse.cli.formats import to_json
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = wh.diagnose(run, project=project, environment=environment, job=job)
    if output_format == "json" or (output_format is None and not sys.stdout.isatty()):
        click.echo(to_json(found.to_dict()).encode())
    else:
        print_diagnosis(found, sys.stdout)
