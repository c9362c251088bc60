"""The commands of the daily questions. Each is made of its declaration in `artifact_warehouse.everyday`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import reduce
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.comparison_page import comparison_page
from artifact_warehouse.cli.completion import complete
from artifact_warehouse.cli.options import (
    ENVIRONMENT,
    JOB,
    LOG_FORMAT,
    NODE,
    NOW,
    PROJECT,
    RUN,
    WAIT,
    WAREHOUSE,
    Command,
    now_in_utc,
    talk,
)
from artifact_warehouse.cli.output import Output, print_answer, print_page, result_options
from artifact_warehouse.durations import moment_of
from artifact_warehouse.everyday import QUESTIONS, Question

_EXAMPLES = {
    "runs": "--environment prod --failed",
    "run": "544ab212",
    "failures": "--environment prod",
    "slow": "--environment prod --since 7d",
    "flaky": "--environment prod",
    "changes": "--since 7d",
    "show": "fct_orders",
    "compare": "1a48bef4 544ab212",
}


_PAGES = {"compare": comparison_page}
"""The answers that are a page of Markdown, too, by `--format markdown`."""


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4, and not at run time before
    """A time as `moment_of` reads it. It stays a text, as `now` is known later."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            moment_of(value, datetime.now(timezone.utc))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return value


_PARAMETERS = {
    "node": NODE,
    "run": RUN,
    "other": click.argument("other", required=False, shell_complete=complete("runs")),
    "project": PROJECT,
    "environment": ENVIRONMENT,
    "job": JOB,
    "since": click.option(
        "--since",
        metavar="T",
        type=_Moment(),
        help="Only since then: yesterday, 7d, 2026-11-01 (UTC, or with an offset).",
    ),
    "failed": click.option("--failed", is_flag=True, help="Only runs that failed."),
    "limit": click.option("--limit", metavar="N", type=click.IntRange(min=0), help="At most N rows."),
}
"""The argument or option of each keyword of a question."""


def command_of(question: Question[...]) -> click.Command:
    """The command of a question. Its help is the question's documentation."""

    def ask(warehouse: Path, now: datetime | None, wait: float, output: Output, **values: Any) -> None:
        from artifact_warehouse.warehouse import Warehouse

        if "now" in question.parameters:
            values["now"] = now
        with Warehouse(warehouse, read_only=True, wait=wait) as wh:
            table = getattr(wh, question.__name__)(**values).to_arrow_table()
        if not table.num_rows:
            talk().say("info", "nothing", question.nothing)
        if output.format == "markdown":
            print_page(_PAGES[question.__name__](table.to_pylist()), output)
        else:
            print_answer(table, output, now_in_utc(now), question.is_record)

    formats = ["markdown"] if question.__name__ in _PAGES else []
    options = [_PARAMETERS[name] for name in question.parameters if name in _PARAMETERS]
    decorators: list[Callable[[Command], Command]] = [
        WAREHOUSE,
        *options,
        NOW,
        WAIT,
        LOG_FORMAT,
        result_options(*formats),
    ]
    command = reduce(lambda done, decorate: decorate(done), reversed(decorators), ask)
    example = f"artifact-warehouse {question.__name__} dbt.duckdb {_EXAMPLES[question.__name__]}"
    text = f"{question.__doc__}\n\n\b\nExample:\n  {example}"
    return click.command(question.__name__, help=text)(command)


COMMANDS = tuple(map(command_of, QUESTIONS))
