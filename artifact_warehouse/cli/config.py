"""Defaults of the command line: the file that ARTIFACT_WAREHOUSE names, and options in artifact-warehouse.toml.

A command line comes first, then ARTIFACT_WAREHOUSE, then the nearest artifact-warehouse.toml, or pyproject.toml with a
table tool.artifact-warehouse, in this folder or above it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import click

from artifact_warehouse.config import find_config

ENVIRONMENT_VARIABLE = "ARTIFACT_WAREHOUSE"
_OTHER_KEYS = ("warehouse", "alerts")
"""The keys of a configuration that are not commands. The room `alerts` reads its table itself."""

_WAREHOUSE_ENDINGS = (".duckdb", ".ddb", ".db")


class Config(NamedTuple):
    """What a file says: the warehouse, and the options of each command by the names of their parameters."""

    warehouse: Path | None = None
    options: dict[str, dict[str, Any]] = {}  # noqa: RUF012 (never changed)


def read_defaults(commands: Mapping[str, click.Command]) -> Config:
    """What the nearest configuration says, if any. Raises InvalidConfig, and UsageError for an unknown name."""
    found = find_config()
    return _config(found.path, found.tables, commands) if found else Config()


def _config(file: Path, table: dict[str, Any], commands: Mapping[str, click.Command]) -> Config:
    warehouse = table.get("warehouse")
    tables = {name: options for name, options in table.items() if name not in _OTHER_KEYS}
    options = {
        name: _options(file, commands[_known(file, name, commands)], options) for name, options in tables.items()
    }
    return Config(file.parent / warehouse if isinstance(warehouse, str) else None, options)


def _options(file: Path, command: click.Command, table: Any) -> dict[str, Any]:
    """The table of a command, by the names of its parameters."""
    if not isinstance(table, dict):
        raise click.UsageError(f"{file}: {command.name} is not a table; write [{command.name}]")
    names = {
        option.lstrip("-"): parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }
    return {names[_known(file, name, names, f"[{command.name}] ")]: value for name, value in table.items()}


def _known(file: Path, name: str, known: Iterable[str], where: str = "") -> str:
    known = [*known]
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(sorted(known))}"
        raise click.UsageError(f"{file}: {where}{name} is unknown{hint}")
    return name


def with_warehouse(command: click.Command, arguments: list[str], config: Config) -> tuple[str | None, list[str]]:
    """The warehouse of a call, and its arguments; where they name none, with the default one."""
    if not any(parameter.name == "warehouse" for parameter in command.params):
        return None, arguments
    if (named := _named_warehouse(command, arguments)) is not None:
        return named, arguments
    default = os.environ.get(ENVIRONMENT_VARIABLE) or config.warehouse
    return (str(default), [str(default), *arguments]) if default else (None, arguments)


def _named_warehouse(command: click.Command, arguments: list[str]) -> str | None:
    """The first argument that is no option, if it is a warehouse: by its ending, or because it is a DuckDB file."""
    options = click.Command(command.name, params=[p for p in command.params if isinstance(p, click.Option)])
    context = click.Context(options, resilient_parsing=True, ignore_unknown_options=True)
    _, others, _ = options.make_parser(context).parse_args([*arguments])
    is_one = bool(others) and (others[0].endswith(_WAREHOUSE_ENDINGS) or _is_database(Path(others[0])))
    return others[0] if is_one else None


def _is_database(path: Path) -> bool:
    """Whether a file is of DuckDB. https://duckdb.org/docs/stable/internals/storage#storage-format."""
    try:
        with path.open("rb") as stream:
            return stream.read(12)[8:] == b"DUCK"
    except (OSError, ValueError):
        return False
