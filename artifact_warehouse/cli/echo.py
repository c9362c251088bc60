"""Messages on stderr: sentences for people, or a JSON object a line for machines."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import IO, Any

import click

FORMATS = ("text", "json")

_STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""C0 without line feeds and tabs, DEL, C1, line separators, and the characters that change the direction of text.

https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
"""

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Characters that no terminal shows, with which two names look alike: Default_Ignorable_Code_Point of Unicode, and
interlinear annotation. Without variation selectors, which choose the shape of a sign.

https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
"""

_LOOSE_JOINER = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
"""A joiner or non-joiner beside ASCII. Scripts and emoji have them between signs of their own."""

_DELETE = 0x7F
"""The one control character that JSON does not escape."""

_CONTROL = re.compile(f"[{_STEERING}{_INVISIBLE}]|{_LOOSE_JOINER}")


class Talk:
    """Writes messages. `level` is info, warning or error, `event` one word for machines, `fields` further values.

    A message that cannot be written is dropped: a command does not fail because nobody reads its messages.
    """

    def __init__(self, log_format: str = "text") -> None:
        self.is_json = log_format == "json"

    def say(self, level: str, event: str, message: str, **fields: Any) -> None:
        """Write a message in either format."""
        if self.is_json:
            self.log(level, event, message, **fields)
        else:
            _echo("\n".join(_fitting(escape_control_characters(message))))

    def log(self, level: str, event: str, message: str, **fields: Any) -> None:
        """Write a message in the JSON format only. Use it for what a command prints on stdout for people."""
        if self.is_json:
            time = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            line = {"time": time, "level": level, "event": event, "message": message, **fields}
            _echo(json.dumps({name: value for name, value in line.items() if value is not None}))

    @contextmanager
    def progress(self, doing: str = "loading") -> Iterator[Callable[[int, int], None] | None]:
        """Show a progress bar, on a terminal only."""
        if self.is_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _fitting(message: str) -> list[str]:
    """A sentence in lines of the terminal. A message of several lines keeps them: it may have a caret in one."""
    from artifact_warehouse.cli.layout import wrapped

    is_laid_out = "\n" in message or not sys.stderr.isatty()
    return [message] if is_laid_out else wrapped(message, shutil.get_terminal_size().columns)


def _echo(text: str) -> None:
    with suppress(OSError):
        click.echo(text, err=True)


def escape_control_characters(text: str, is_json: bool = False) -> str:
    """Show control, direction and invisible characters as escapes, those of JSON in JSON. Line feeds and tabs stay."""

    def escape(match: re.Match[str]) -> str:
        code = ord(match.group())
        if is_json:
            return json.dumps(match.group())[1:-1] if code != _DELETE else "\\u007f"
        return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

    return _CONTROL.sub(escape, text)


def replace_unencodable(stream: IO[str]) -> IO[str]:
    """Let a stream write a `?` for each character that its encoding lacks. Returns the stream."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


def discard_stdout() -> None:
    """Drop what is still buffered for stdout: Python's own flush at exit would print a second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
