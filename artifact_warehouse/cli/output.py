"""Where results go: to stdout, or to the file that -o names. No control character reaches a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from artifact_warehouse.cli.echo import discard_stdout, escape_control_characters, replace_unencodable
from artifact_warehouse.cli.options import FILE, PAGER, Command, CommandFailed, ReaderGone, has_pager, talk
from artifact_warehouse.cli.terminal import terminal

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "json", "jsonl", "csv", "parquet", "md")
_ENDINGS = {
    **{f".{name}": name for name in FORMATS[1:]},
    **{".txt": "table", ".ndjson": "jsonl", ".markdown": "md"},
}


class Output(NamedTuple):
    """The format of a result, and the file that it goes to; without a file, it goes to stdout."""

    format: str | None
    path: Path | None = None
    is_wide: bool = False
    """Whether a table on a terminal has all columns in full, as elsewhere."""

    @property
    def is_table(self) -> bool:
        """Whether it is a table on stdout."""
        return self.path is None and self.format in ("table", None)


def result_options(*formats: str, default: str | None = "table", to_file: bool = True) -> Callable[[Command], Command]:
    """Add the options of a result to a command, which takes them as one argument: output."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_output(
            *args: Any, output_format: str | None, is_wide: bool, path: Path | None = None, **kwargs: Any
        ) -> None:
            output = _destination(output_format, path, default)._replace(is_wide=is_wide)
            return command(*args, output=output, **kwargs)

        choices = click.Choice([*FORMATS, *formats])
        options = [click.option("--format", "output_format", type=choices, help="The format of the result.")]
        if to_file:
            file = "Write to this file; its ending is the format."
            options.append(click.option("-o", "--output", "path", type=FILE, help=file))
        options += [click.option("--wide", "is_wide", is_flag=True, help="All columns, and uncut."), PAGER]
        for option in reversed(options):
            with_output = option(with_output)
        return with_output

    return decorate


def _destination(output_format: str | None, path: Path | None, default: str | None) -> Output:
    """Raises UsageError for a file with an unknown ending or that of another format, and for the warehouse itself."""
    if path is None:
        return Output(output_format or default)
    refuse_warehouse(path)
    by_ending = _ENDINGS.get(path.suffix.lower())
    if path.suffix and output_format is None and by_ending is None:
        raise click.UsageError(f"{path}: has none of the endings {', '.join(_ENDINGS)}; rename it, or give --format")
    is_other = None not in (output_format, by_ending) and output_format != by_ending
    is_alike = {output_format, by_ending} in ({"json", "jsonl"}, {"markdown", "md"})
    if is_other and by_ending != "table" and not is_alike:
        raise click.UsageError(f"{path}: has the ending of {by_ending}, but --format is {output_format}")
    return Output(output_format or by_ending or "table", path)


def refuse_warehouse(path: Path) -> None:
    """Raises UsageError for WH and its write-ahead log, under any name: a relative path, a symbolic or a hard link."""
    warehouse = click.get_current_context().params["warehouse"]
    files = (warehouse, warehouse.with_name(f"{warehouse.name}.wal"))
    if any(path.resolve() == file.resolve() or _is_same(path, file) for file in files):
        raise click.UsageError(f"{path}: is the warehouse; write to another file")


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def is_written_by_batch(output: Output) -> bool:
    """Whether a result need not be in memory as a whole."""
    return output.format not in (None, "table") and (output.path is not None or terminal() is None)


def print_table(rows: pa.Table | pa.RecordBatchReader, output: Output, json_columns: tuple[str, ...] = ()) -> None:
    """Print a result, or write it to its file. Values of `json_columns` are JSON."""
    from artifact_warehouse.cli.formats import result_lines, write

    output_format = output.format or "table"
    screen = terminal()
    if output.path is not None:
        with opened(output.path) as stream:
            write(rows, output_format, stream, json_columns)
    elif screen is None:
        with stdout() as text:
            write(rows, output_format, text.buffer, json_columns)
    elif output_format == "parquet":
        raise click.UsageError("Parquet is not for terminals; name a file with -o")
    elif output.is_table:
        print_lines(result_lines(rows, screen, output.is_wide))
    else:
        shown = io.BytesIO()
        write(rows, output_format, shown, json_columns)
        _print(shown.getvalue().decode(), is_json="json" in output_format)


def print_described(table: pa.Table, output: Output) -> None:
    """Print a table whose last column describes the others: on a terminal in whole sentences."""
    from artifact_warehouse.cli.formats import described_lines

    screen = terminal() if output.is_table and not output.is_wide else None
    if screen is None:
        print_table(table, output)
    else:
        print_lines(described_lines(table, screen))


def print_answer(table: pa.Table, output: Output, now: datetime, is_record: bool) -> None:
    """Print the answer to a daily question: laid out for reading on a terminal, as a result elsewhere."""
    from artifact_warehouse.cli.formats import answer_lines, answer_records

    screen = terminal() if output.is_table else None
    if screen is None:
        print_table(table, output)
    elif table.num_rows:
        lines = answer_records if is_record else answer_lines
        print_lines(lines(table, screen, output.is_wide, now))


def print_page(lines: Iterable[str], output: Output) -> None:
    """Print a page of Markdown, or write it to its file."""
    text = "".join(f"{line}\n" for line in lines)
    if output.path is None:
        print_text(text)
    else:
        with opened(output.path) as stream:
            stream.write(text.encode())


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    from artifact_warehouse.cli.cells import to_json

    _print(to_json(value) + "\n", is_json=True)


def print_text(text: str) -> None:
    """Print a text for a machine: unchanged to a pipe or a file."""
    _print(text, is_json=False)


def print_line(text: str, indent: str = "") -> None:
    """Print a sentence. On a terminal it breaks between words, and `indent` begins its further lines.

    Characters that the terminal's encoding lacks become question marks.
    """
    from artifact_warehouse.cli.layout import wrapped

    screen = terminal()
    lines = wrapped(escape_control_characters(text), screen.width if screen else None, indent)
    with stdout() as stream:
        replace_unencodable(stream).write("\n".join(lines) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines that are laid out for the terminal; where they do not fit, in the pager."""
    text = "\n".join(lines) + "\n"
    with stdout() as stream:
        screen = terminal()
        if screen and text.count("\n") >= screen.height and sys.stdin.isatty() and has_pager():
            click.echo_via_pager(text, color=screen.is_coloured)
        else:
            replace_unencodable(stream).write(text)


def _print(text: str, is_json: bool) -> None:
    """Write UTF-8 to stdout: exactly to a pipe or a file, with control characters escaped to a terminal."""
    if sys.stdout.isatty():
        print_lines(escape_control_characters(text, is_json).rstrip("\n").split("\n"))
    else:
        with stdout() as stream:
            stream.buffer.write(text.encode())


@contextmanager
def stdout() -> Iterator[Any]:
    """Stdout for writing, flushed at the end of the block. Raises ReaderGone, and CommandFailed for another error."""
    try:
        sys.stdout.flush()
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError as error:
        discard_stdout()
        raise ReaderGone from error
    except OSError as error:
        discard_stdout()
        raise CommandFailed(f"stdout: cannot be written: {error.strerror}") from error


@contextmanager
def reporting(done: str) -> Iterator[None]:
    """Print about finished work. Where stdout cannot be written, say so on stderr, and keep the exit code."""
    try:
        yield
    except ReaderGone:
        pass
    except CommandFailed as error:
        talk().say("warning", "unwritten", f"{done}; {error.message}")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing, which is removed where the block fails.

    Raises UsageError where it cannot be opened, CommandFailed where it cannot be written.
    """
    try:
        stream = path.open("wb")
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with stream:
            yield stream
    except BaseException as error:
        if path.is_file():
            path.unlink()
        if isinstance(error, OSError):
            raise CommandFailed(f"{path}: cannot be written: {error.strerror or error}") from error
        raise
