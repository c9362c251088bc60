"""Writes docs/reference/ from what the package itself knows; with --check, says which pages are not current.

Views and their comments come from a new warehouse, tables from their declarations, commands from click.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import cli
from artifact_warehouse.schema import TABLES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "<!-- Made by scripts/write_reference.py: `make docs` writes it again. -->\n"


def views_page() -> Iterator[str]:
    yield "# Views and table macros\n"
    yield "The public schema is `v1`. All views keep the [rules](../rules.md)."
    yield "`artifact-warehouse views WH NAME` prints what is here."
    yield "Within `v1` there are only new views, and new columns at the end ([versions](../operating.md#versions)).\n"
    with tempfile.TemporaryDirectory() as folder, Warehouse(Path(folder) / "new.duckdb") as warehouse:
        warehouse.load([])
        rows = warehouse.describe_views().to_pylist()
        yield from table(
            ("name", "kind", "what it has"),
            [(f"[{row['name']}](#{row['name'].replace('.', '')})", row["kind"], row["summary"]) for row in rows],
        )
        for row in rows:
            yield from view_section(warehouse, row)


def view_section(warehouse: Warehouse, row: dict[str, str]) -> Iterator[str]:
    file, columns = warehouse.describe_view(row["name"])
    yield f"\n## {row['name']}\n"
    if signatures := re.findall(r"(\([^()]*\)) AS TABLE", file.sql):
        yield " · ".join(f"`{row['name']}{' '.join(signature.split())}`" for signature in signatures) + "\n"
    yield f"{row['summary']}\n"
    yield f"One row per {', '.join(f'`{column}`' for column in file.grain)}.\n"
    yield from columns_table([(row["name"], row["type"], row["comment"]) for row in columns.to_pylist()])


def tables_page() -> Iterator[str]:
    yield "# Tables\n"
    yield "The schema `stored` has what was loaded. Any release may change it: query [the views](views.md).\n"
    for stored in TABLES:
        yield f"\n## stored.{stored.name}\n"
        yield f"{stored.comment}\n"
        yield from columns_table(stored.columns)


def commands_page() -> Iterator[str]:
    yield "# Commands\n"
    yield "`WH` is the warehouse file. stdout is data, stderr is talk. [Exit codes](../operating.md#exit-codes)."
    for name, command in commands(cli, "artifact-warehouse"):
        context = click.Context(command, info_name=f"artifact-warehouse {name}")
        yield f"\n## {name}\n"
        yield f"`{' '.join([context.command_path, *command.collect_usage_pieces(context)])}`\n"
        yield from help_text(command.help or "")
        options = [option for option in command.params if isinstance(option, click.Option)]
        rows = [(f"`{spelling(option)}`", meaning(option)) for option in options]
        yield from table(("option", "meaning"), rows) if rows else ()


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group, by their words; those of a group in it follow it."""
    context = click.Context(group, info_name=path)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            words = f"{name} WH" if command.params else name
            yield from ((f"{words} {sub}", of) for sub, of in commands(command, f"{path} {name}"))


def help_text(text: str) -> Iterator[str]:
    """The paragraphs of a command's help; its example as code."""
    for paragraph in text.replace("\b\n", "").split("\n\n"):
        if paragraph.strip().startswith("Example:"):
            yield "```sh\n" + "\n".join(line.strip() for line in paragraph.strip().splitlines()[1:]) + "\n```\n"
        else:
            yield " ".join(paragraph.split()) + "\n"


def spelling(option: click.Option) -> str:
    values = "" if option.is_flag else f" {option.metavar or kind(option.type)}"
    return ", ".join([*option.opts, *option.secondary_opts]) + values


def kind(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, click.Choice):
        return "|".join(kind.choices)
    return "TIME" if isinstance(kind, click.DateTime) else kind.name.split()[0].upper()


def meaning(option: click.Option) -> str:
    shown = option.show_default if isinstance(option.show_default, str) else option.default
    return (option.help or "") + (f" Default: {shown}." if option.show_default else "")


def columns_table(columns: Iterable[tuple[str, str, str | None]]) -> Iterator[str]:
    rows = [(f"`{name}`", f"`{type_}`", comment or "") for name, type_, comment in columns]
    if any(comment for *_, comment in rows):
        return table(("column", "type", "comment"), rows)
    return table(("column", "type"), [row[:2] for row in rows])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


PAGES = {"views.md": views_page, "tables.md": tables_page, "commands.md": commands_page}


def main(is_check: bool) -> int:
    FOLDER.mkdir(exist_ok=True)
    is_stale = False
    for name, page in PAGES.items():
        path, text = FOLDER / name, MADE + "\n".join(page()) + "\n"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if is_check:
            print(f"docs/reference/{name} is not current; run make docs")
            is_stale = True
        else:
            path.write_text(text, encoding="utf-8")
    return int(is_stale)


if __name__ == "__main__":
    sys.exit(main(is_check="--check" in sys.argv))
