"""Writes build/artifact-warehouse.1, a page for `man`, from the help of the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from artifact_warehouse import __version__
from artifact_warehouse.cli import cli

FILE = Path(__file__).resolve().parents[1] / "build" / "artifact-warehouse.1"


def page() -> Iterator[str]:
    """The lines in the macros of man(7). https://man7.org/linux/man-pages/man7/man.7.html."""
    yield f'.TH ARTIFACT-WAREHOUSE 1 "" "artifact-warehouse {__version__}"'
    yield ".SH NAME"
    yield "artifact-warehouse, aw \\- a warehouse over the artifacts of dbt, in one DuckDB file"
    yield ".SH SYNOPSIS"
    yield ".B artifact-warehouse\n.I VERB WH\n[OPTIONS] ..."
    yield ".SH DESCRIPTION"
    yield from paragraphs(cli.help or "")
    yield ".SH COMMANDS"
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, info_name=name)
        yield f".SS {escaped(' '.join([name, *command.collect_usage_pieces(context)]))}"
        yield from paragraphs(command.help or "")
        for option in (option for option in command.params if isinstance(option, click.Option)):
            record = option.get_help_record(context)
            if record:
                yield f".TP\n.B {escaped(record[0])}\n{escaped(record[1])}"
    yield ".SH ENVIRONMENT"
    yield ".TP\n.B ARTIFACT_WAREHOUSE\nThe warehouse of calls that name none."
    yield ".TP\n.B NO_COLOR, PAGER\nAs other programs heed them."
    yield ".SH FILES"
    yield ".TP\n.B artifact-warehouse.toml\nOptions that are always given, in this folder or above it."


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a help text; those behind \\b keep their lines."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            yield ".PP\n.nf\n" + escaped(paragraph.removeprefix("\b\n")) + "\n.fi"
        else:
            yield f".PP\n{escaped(' '.join(paragraph.split()))}"


def escaped(text: str) -> str:
    """A text without anything that roff takes for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("\n".join(page()) + "\n", encoding="utf-8")
