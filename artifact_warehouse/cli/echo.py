"""What the command line says on stderr: sentences for people, or a JSON object a line for machines."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import IO, Any

import click

FORMATS = ("text", "json")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Talk:
    """Says what happens. `level` is info, warning or error; `event` one word for it; `fields` what it is about."""

    def __init__(self, log_format: str = "text") -> None:
        self.is_json = log_format == "json"

    def say(self, level: str, event: str, message: str, **fields: Any) -> None:
        """Say it in either form."""
        if self.is_json:
            self.log(level, event, message, **fields)
        else:
            click.echo(escape_control_characters(message), err=True)

    def log(self, level: str, event: str, message: str, **fields: Any) -> None:
        """Say it to machines only: people see it elsewhere."""
        if self.is_json:
            time = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            line = {"time": time, "level": level, "event": event, "message": message, **fields}
            click.echo(json.dumps({name: value for name, value in line.items() if value is not None}), err=True)

    @contextmanager
    def progress(self, doing: str = "loading") -> Iterator[Callable[[int, int], None] | None]:
        """A bar, on a terminal only."""
        if self.is_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def escape_control_characters(text: str) -> str:
    """The text with control and direction characters made visible; line feeds and tabs stay."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def replace_unencodable(stream: IO[str]) -> IO[str]:
    """The stream, which from now on writes a `?` for what its encoding does not have."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream
