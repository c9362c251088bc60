"""The commands for on-call engineers: `check` compares runs with limits, `diagnose` explains a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.ci_formats import CI_FORMATS, check_summary, diagnosis_summary, write_ci
from artifact_warehouse.cli.options import (
    ENVIRONMENT,
    JOB,
    LOG_FORMAT,
    PAGER,
    PROJECT,
    RUN,
    TIMES,
    WAIT,
    WAREHOUSE,
    Command,
    ExitCode,
    talk,
)
from artifact_warehouse.cli.output import print_json, print_line, print_lines, print_text
from artifact_warehouse.cli.terminal import terminal
from artifact_warehouse.durations import duration_of_text

SEVERITIES = click.Choice(["info", "warn", "error"])
FORMATS = click.Choice(["text", "json", *CI_FORMATS])


def _to_rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        rate = float(Decimal(value.removesuffix("%")) / (100 if value.endswith("%") else 1))
    except (ArithmeticError, ValueError):
        rate = -1.0
    if not 0 <= rate <= 1:
        raise click.BadParameter(f"{value!r} is not a rate; write 0.05 or 5%")
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
@_rate_option("--max-failure-rate", "The largest share of failed runs in the window: 0.1 or 10%.")
@_rate_option("--max-test-failure-rate", "The largest share of failed test executions in the window.")
@_duration_option("--max-age", "The longest time since the last successful run: 26h, 2d, 90m.")
@click.option(
    "--max-failing",
    metavar="N",
    type=click.IntRange(min=0),
    help="The largest number of nodes whose last execution failed.",
)
@click.option("--freshness", type=click.Choice(["warn", "error"]), help="Fail where a source has this status or worse.")
@click.option(
    "--rules", type=SEVERITIES, help="Fail where a rule of v1.project_rules of this severity or worse is broken."
)
@click.option("--ignore-rule", "ignored_rules", multiple=True, metavar="RULE", help="Leave this rule out.")
@_duration_option("--window", "The time before --now over which rates are computed.", "7d")
@click.option(
    "--now",
    metavar="TIME",
    type=click.DateTime(TIMES),
    help="The end of --max-age and --window, if not now (UTC, or with an offset).",
)
@PROJECT
@ENVIRONMENT
@JOB
@WAIT
@LOG_FORMAT
@click.option("--format", "output_format", type=FORMATS, default="text", help="The format of the result.")
def check(warehouse: Path, wait: float, output_format: str, **limits: Any) -> None:
    """Compare the runs of each project and environment with limits; exit with 1 where one is exceeded.

    In JSON, "text" is the whole message, as Slack's incoming webhooks take it. The workflows of Microsoft Teams take
    Adaptive Cards only.

    \b
    Example:
      artifact-warehouse check dbt.duckdb --environment prod --max-failure-rate 5% --max-age 26h --freshness error
    """
    from artifact_warehouse.warehouse import Warehouse

    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        report = wh.check(**limits)
    if output_format == "json":
        print_json(report.to_dict())
    elif output_format != "text":
        print_text(write_ci(check_summary(report), output_format))
    else:
        for finding in report.findings:
            print_line(f"{'ok    ' if finding.is_passed else 'FAILED'}  {finding.sentence}", indent=" " * 8)
    if not report.is_passed:
        talk().log("error", "failed", "; ".join(report.reasons), failed_count=len(report.reasons))
        sys.exit(ExitCode.FINDINGS)


@click.command()
@WAREHOUSE
@RUN
@PROJECT
@ENVIRONMENT
@JOB
@WAIT
@LOG_FORMAT
@PAGER
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the run failed.")
@click.option("--format", "output_format", type=FORMATS, help="The format; text on a terminal, else JSON.")
def diagnose(
    warehouse: Path, run: str | None, wait: float, exit_code: bool, output_format: str | None, **labels: Any
) -> None:
    """Explain a run: a page on a terminal, JSON elsewhere.

    The page lists what failed and what was skipped for it, what is slower than before and since which change, what
    determined how long the run took, and flaky tests. RUN is an invocation_id or its beginning; without it, the last
    run is explained.

    \b
    Example:
      artifact-warehouse diagnose dbt.duckdb --environment prod
    """
    from artifact_warehouse.cli.diagnosis_page import diagnosis_lines
    from artifact_warehouse.warehouse import Warehouse

    chosen = output_format or ("text" if sys.stdout.isatty() else "json")
    with Warehouse(warehouse, read_only=True, wait=wait) as wh:
        found = wh.diagnose(run, **labels)
        results = wh.run(found.run["invocation_id"]).to_arrow_table() if chosen not in ("text", "json") else None
    if chosen == "json":
        print_json(found.to_dict())
    elif results is not None:
        print_text(write_ci(diagnosis_summary(found, results.to_pylist()), chosen))
    else:
        print_lines(diagnosis_lines(found, terminal()))
    if exit_code and found.run["is_success"] is False:
        sys.exit(ExitCode.FINDINGS)
