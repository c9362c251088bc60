"""What the commands share: exit codes, options, how they talk, and how an error ends a call."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from artifact_warehouse.cli.echo import FORMATS, Talk
from artifact_warehouse.errors import (
    ArtifactWarehouseError,
    LoadInterrupted,
    QuarantinedArtifacts,
    WarehouseError,
    is_interrupt,
)
from artifact_warehouse.limits import size_of_text, text_of_size
from artifact_warehouse.process import interruptible


class ExitCode(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    FINDINGS = 1
    """Done, but not all is well: artifacts were quarantined, `verify` found something broken, or a `check` failed."""
    USAGE = 2
    """The call cannot be carried out: a path, a node, a view or a query is wrong."""
    CANNOT_OPEN = 3
    """The warehouse cannot be opened: locked, newer than this release, or no warehouse."""
    INTERRUPTED = 130


TALK = "artifact_warehouse.cli.echo"
"""Where a call keeps how it wants to be talked to."""


class Commands(click.Group):
    """Maps the package's errors to messages and exit codes; anything else is a bug and shows its trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with interruptible():
                return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except BaseException as error:
            exit_code = _exit_code(error)
            talk: Talk = ctx.meta.get(TALK, Talk())
            if exit_code is None or (isinstance(error, click.ClickException) and not talk.is_json):
                raise
            interrupted = exit_code == ExitCode.INTERRUPTED
            message = "interrupted" if interrupted and not isinstance(error, LoadInterrupted) else _message(error)
            is_text_error = not (talk.is_json or interrupted)
            event = "interrupted" if interrupted else "failed"
            talk.say("error", event, f"Error: {message}" if is_text_error else message, exit_code=int(exit_code))
            ctx.exit(exit_code)


def _exit_code(error: BaseException) -> int | None:
    """The exit code that an error stands for; None where it is a bug, and shows its trace."""
    if is_interrupt(error):
        return ExitCode.INTERRUPTED
    codes = {
        WarehouseError: ExitCode.CANNOT_OPEN,
        QuarantinedArtifacts: ExitCode.FINDINGS,
        ArtifactWarehouseError: ExitCode.USAGE,
    }
    own = error.exit_code if isinstance(error, click.ClickException) else None
    return next((code for kind, code in codes.items() if isinstance(error, kind)), own)


def _message(error: BaseException) -> str:
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


Command = Callable[..., None]

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

FILE = click.Path(dir_okay=False, path_type=Path)
WAREHOUSE = click.argument("warehouse", metavar="WH", type=FILE)
WAIT = click.option("--wait", default=10.0, show_default=True, help="Seconds to wait for a locked warehouse.")
LOG_FORMAT = click.option(
    *("--log-format", "log_format"),
    type=click.Choice(FORMATS),
    default="text",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: ctx.meta.update({TALK: Talk(value)}),
    help="How to say on stderr what happens: as sentences, or as a JSON object a line.",
)
OUTPUT = click.option("-o", "--output", type=FILE, help="Write to a file.")


def format_option(*more: str, default: str | None = "table") -> Callable[[Command], Command]:
    choices = click.Choice(["table", "json", "jsonl", "csv", "parquet", *more])
    return click.option("--format", "output_format", type=choices, default=default, help="How to print it.")


def _to_bytes(ctx: click.Context, param: click.Parameter, value: str) -> int:
    try:
        return size_of_text(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def count_option(name: str, default: int, explanation: str) -> Callable[[Command], Command]:
    return click.option(name, type=click.IntRange(min=1), default=default, show_default=True, help=explanation)


def size_option(name: str, default: int, explanation: str) -> Callable[[Command], Command]:
    size = text_of_size(default)
    return click.option(name, metavar="SIZE", default=size, show_default=True, callback=_to_bytes, help=explanation)


def talk() -> Talk:
    """How this call wants to be talked to."""
    found: Talk = click.get_current_context().meta.setdefault(TALK, Talk())
    return found
