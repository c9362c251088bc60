"""Shared by all commands: exit codes, options, and how an error becomes a message and an exit code."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TypeGuard

import click

from artifact_warehouse.cli.completion import COMPLETED, complete
from artifact_warehouse.cli.config import Config, read_defaults, with_warehouse
from artifact_warehouse.cli.echo import FORMATS, Talk, discard_stdout, escape_control_characters
from artifact_warehouse.errors import (
    ArtifactWarehouseError,
    LoadInterrupted,
    PrunedMeanwhile,
    QuarantinedArtifacts,
    ReplacedMeanwhile,
    SourceUnavailable,
    WarehouseError,
    WorkerFailed,
    is_interrupt,
)
from artifact_warehouse.limits import size_of_text
from artifact_warehouse.process import interruptible


class ExitCode(IntEnum):
    DONE = 0
    FINDINGS = 1
    """The command is done; artifacts were quarantined, or `verify` or `check` found something."""
    USAGE = 2
    """An argument is wrong: a path, a node, a view, a query."""
    CANNOT_OPEN = 3
    """The warehouse cannot be opened: it is locked, written by a newer release, or not a warehouse."""
    FAILED = 70
    """The command is not done: a fault of this package, or the result cannot be written. EX_SOFTWARE of sysexits.h."""
    TRY_AGAIN = 75
    """The command is not done, and the same call may succeed. EX_TEMPFAIL of sysexits.h."""
    INTERRUPTED = 130


_SIGPIPE = 128 + 13
"""The exit code that a shell shows for a process that SIGPIPE ended."""

TALK = "artifact_warehouse.cli.echo"
"""The key of the Talk in click's context."""

CONFIG = "artifact_warehouse.cli.config"
"""The key of the Config in click's context."""

NO_PAGER = "artifact_warehouse.cli.no_pager"
"""The key of --no-pager in click's context."""


class CommandFailed(click.ClickException):
    """The command is not done, and its arguments are not the reason."""

    exit_code = ExitCode.FAILED


class ReaderGone(Exception):
    """The reader of stdout has closed the pipe, as `head` does."""


class Commands(click.Group):
    """Turns every exception into a message and an exit code, and fills in what ARTIFACT_WAREHOUSE and a file say."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _ending(Talk):
            config = read_defaults(self.commands)
            context = super().make_context(*args, default_map=config.options, **kwargs)
            context.meta[CONFIG] = config
            return context

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, others = super().resolve_command(ctx, args)
        if command is not None:
            ctx.meta[COMPLETED], others = with_warehouse(command, others, ctx.meta.get(CONFIG, Config()))
        return name, command, others

    def invoke(self, ctx: click.Context) -> Any:
        with _ending(talk), interruptible():
            return super().invoke(ctx)


@contextmanager
def _ending(talk: Callable[[], Talk]) -> Iterator[None]:
    """Turn an exception of the block into a message on stderr and click's Exit."""
    try:
        yield
    except (click.exceptions.Exit, SystemExit):
        raise
    except (ReaderGone, BrokenPipeError):
        _end_by_sigpipe()
    except BaseException as caught:
        error = caught
        if _is_of_echo(caught):
            discard_stdout()
            error = CommandFailed(f"stdout: cannot be written: {caught.strerror}")
        said, exit_code = talk(), exit_code_of(error)
        if isinstance(error, click.ClickException) and not said.is_json:
            vars(error)["message"] = escape_control_characters(error.message)
            raise error from error.__cause__  # click prints it with the command's usage
        _say(said, error, exit_code)
        raise click.exceptions.Exit(exit_code) from caught


def _is_of_echo(error: BaseException) -> TypeGuard[OSError]:
    """Whether click could not print a help text or the version."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return isinstance(error, OSError) and frame.f_globals.get("__name__") == "click.utils"


def _say(said: Talk, error: BaseException, exit_code: int) -> None:
    message, fields = _message(error), {"exit_code": int(exit_code)}
    if exit_code == ExitCode.INTERRUPTED:
        said.say("error", "interrupted", message, **fields)
    elif exit_code != ExitCode.FAILED or isinstance(error, click.ClickException):
        said.say("error", "failed", message if said.is_json else f"Error: {message}", **fields)
    elif said.is_json:
        said.log("error", "failed", message, **fields, trace=_trace(error))
    else:
        said.say("error", "failed", f"{_trace(error)}Error: {message}")


def exit_code_of(error: BaseException) -> int:
    """The exit code of an error; FAILED for a bug."""
    if is_interrupt(error) or isinstance(error, click.Abort):
        return ExitCode.INTERRUPTED
    if isinstance(error, click.ClickException):
        return error.exit_code
    codes = {
        WorkerFailed: ExitCode.TRY_AGAIN,
        PrunedMeanwhile: ExitCode.TRY_AGAIN,
        ReplacedMeanwhile: ExitCode.TRY_AGAIN,
        SourceUnavailable: ExitCode.TRY_AGAIN,
        WarehouseError: ExitCode.CANNOT_OPEN,
        QuarantinedArtifacts: ExitCode.FINDINGS,
        ArtifactWarehouseError: ExitCode.USAGE,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), ExitCode.FAILED)


def _message(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, ArtifactWarehouseError | LoadInterrupted):
        return str(error)
    if exit_code_of(error) == ExitCode.INTERRUPTED:
        return "interrupted"
    return f"a fault of artifact-warehouse, please report it: {type(error).__name__}: {error}"


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _end_by_sigpipe() -> NoReturn:
    """End silently, as programs do that leave SIGPIPE at its default."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.raise_signal(signal.SIGPIPE)
    os._exit(_SIGPIPE)


Command = Callable[..., None]

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

FILE = click.Path(dir_okay=False, path_type=Path)
WAREHOUSE = click.argument("warehouse", metavar="WH", type=FILE)
WAIT = click.option("--wait", default=10.0, show_default=True, help="Seconds to wait while another process holds WH.")
PROJECT = click.option("--project", shell_complete=complete("project"), help="Only this project.")
ENVIRONMENT = click.option("--environment", shell_complete=complete("environment"), help="Only this environment.")
JOB = click.option("--job", shell_complete=complete("job"), help="Only runs of this job.")
NODE = click.argument("node", shell_complete=complete("nodes"))
RUN = click.argument("run", required=False, shell_complete=complete("runs"))
NOW = click.option(
    "--now", metavar="TIME", type=click.DateTime(TIMES), help="The time that ages end at (UTC, or with an offset)."
)


def now_in_utc(now: datetime | None) -> datetime:
    """The time of --now, or the current time, without a zone."""
    from artifact_warehouse.schema import to_utc

    return to_utc(now or datetime.now(timezone.utc))


LOG_FORMAT = click.option(
    *("--log-format", "log_format"),
    type=click.Choice(FORMATS),
    default="text",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: ctx.meta.update({TALK: Talk(value)}),
    help="Messages on stderr as sentences, or as a JSON object a line.",
)


PAGER = click.option(
    "--no-pager",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: ctx.meta.update({NO_PAGER: value}),
    help="Print at once what does not fit on the screen; else `PAGER` shows it, or less.",
)


def has_pager() -> bool:
    """Whether this call may show a long result in a pager."""
    return not click.get_current_context().meta.get(NO_PAGER, False)


def _to_bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else size_of_text(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def size_option(
    name: str, default: str | None, explanation: str, parameter: str | None = None
) -> Callable[[Command], Command]:
    """An option that takes a size as text and passes it on in bytes."""
    names = (name, parameter) if parameter else (name,)
    shown = default is not None
    return click.option(
        *names, metavar="SIZE", default=default, show_default=shown, callback=_to_bytes, help=explanation
    )


def talk() -> Talk:
    """Writes the messages of this call, as --log-format asks."""
    found: Talk = click.get_current_context().meta.setdefault(TALK, Talk())
    return found
