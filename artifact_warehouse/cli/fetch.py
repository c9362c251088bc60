"""The command `fetch`: a subcommand for each source, with the source's fields as its options."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from artifact_warehouse.cli.load import log_done, talk_about
from artifact_warehouse.cli.options import LOG_FORMAT, TIMES, WAIT, WAREHOUSE, Command, ExitCode, talk
from artifact_warehouse.cli.output import Output, print_line, print_table, reporting, result_options
from artifact_warehouse.durations import duration_of_text


class _Moment(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no such argument
    """A time, or a duration before now."""

    name = "T"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.now(timezone.utc) - duration_of_text(value)
        except (ValueError, OverflowError):
            moment: datetime = click.DateTime(TIMES).convert(value, param, ctx)
            return moment


_TYPES: dict[type, click.ParamType[Any]] = {int: click.INT, str: click.STRING, datetime: _Moment()}


class _Sources(click.Group):
    """A group with a command for each source. The sources are imported only when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from artifact_warehouse.sources import SOURCES

        return [*SOURCES]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        from artifact_warehouse.sources import SOURCES

        return _command(name, SOURCES[name]) if name in SOURCES else None


@click.group(cls=_Sources)
@WAREHOUSE
@click.pass_context
def fetch(ctx: click.Context, warehouse: Path) -> None:
    """Load artifacts from where dbt runs; those that are stored already are not requested again.

    \b
    Example:
      artifact-warehouse fetch dbt.duckdb dbt-cloud --account 4711 --since 7d
    """
    ctx.obj = (warehouse, ctx.obj)


def _option(field: Field[Any], annotation: Any) -> Callable[[Command], Command]:
    """The option of a source's field."""
    [kind] = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    is_required = field.default is MISSING
    return click.option(
        f"--{field.name}",
        type=_TYPES[kind],
        required=is_required,
        default=None if is_required else field.default,
        show_default=field.default not in (MISSING, None),
        metavar={int: "ID", str: field.name.upper(), datetime: "T"}[kind],
        envvar=field.metadata.get("variable"),
        show_envvar=True,
        help=field.metadata["help"],
    )


def _command(name: str, source: Callable[..., Any]) -> click.Command:
    """The subcommand of a source."""

    @WAIT
    @LOG_FORMAT
    @result_options(to_file=False)
    @click.option("-v", "--verbose", is_flag=True, help="Print the outcome of every artifact.")
    @click.pass_context
    def command(ctx: click.Context, /, wait: float, output: Output, verbose: bool, **options: Any) -> None:
        from artifact_warehouse.load import LoadSettings
        from artifact_warehouse.warehouse import Warehouse

        warehouse, settings = ctx.obj
        with Warehouse(warehouse, wait=wait) as wh, talk().progress("fetching runs") as progress:
            report = wh.fetch(source(**options), progress=progress, settings=settings or LoadSettings())
        talk_about(report, verbose)
        log_done(report, warehouse, source=name)
        with reporting(str(report)):
            if output.format == "table":
                print_line(str(report))
            else:
                print_table(report.to_arrow(), output)
        if report.quarantined:
            sys.exit(ExitCode.FINDINGS)

    hints = get_type_hints(source)
    for field in reversed(fields(source)):  # type: ignore[arg-type]
        command = _option(field, hints[field.name])(command)
    return click.command(name, help=source.__doc__)(command)
