"""Where the commands put their results: on stdout, or in a file that is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyarrow as pa


def print_table(
    table: pa.Table, output_format: str, output: Path | None = None, json_columns: tuple[str, ...] = ()
) -> None:
    """Print a result, or write it to a file. Raises UsageError where that cannot be."""
    from artifact_warehouse.cli.formats import write

    if output is not None:
        with opened(output) as stream:
            write(table, output_format, stream, json_columns)
    elif output_format == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for terminals; name a file with -o")
    else:
        write(table, output_format, sys.stdout.buffer, json_columns)


def opened(output: Path) -> IO[bytes]:
    """A file to write to. Raises UsageError."""
    try:
        return output.open("wb")
    except OSError as error:
        raise click.UsageError(f"{output}: cannot be written: {error.strerror}") from error
