"""Defaults of the command line: the file that ARTIFACT_WAREHOUSE names, and options in artifact-warehouse.toml.

The options of the commands are the one declaration of what may stand there, of its check, and of its JSON schema.

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

from artifact_warehouse.config import ConfigFile, find_config

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
        name: _options(file, commands[_known(file, name, (*commands, *_OTHER_KEYS))], options)
        for name, options in tables.items()
    }
    return Config(file.parent / warehouse if isinstance(warehouse, str) else None, options)


def _options(file: Path, command: click.Command, table: Any, group: str = "") -> dict[str, Any]:
    """The table of a command, by the names of its parameters; of a group, the tables of its commands."""
    place = f"{group}{command.name}"
    if not isinstance(table, dict):
        raise click.UsageError(f"{file}: {place} is not a table; write [{place}]")
    if isinstance(command, click.Group):
        commands = _commands(command)
        known = {name: commands[_known(file, name, commands, f"[{place}] ")] for name in table}
        return {name: _options(file, known[name], options, f"{place}.") for name, options in table.items()}
    options = _options_of(command)
    return {options[_known(file, name, options, f"[{place}] ")].name or "": value for name, value in table.items()}


def _commands(group: click.Group) -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def _options_of(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their long names, without dashes."""
    return {
        name.lstrip("-"): option
        for option in command.params
        if isinstance(option, click.Option) and option.name != "help"
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }


def check_options(found: ConfigFile, commands: Mapping[str, click.Command]) -> None:
    """Check the names and the values of everything but the alerts. Raises UsageError."""
    warehouse = found.tables.get("warehouse", "")
    if not isinstance(warehouse, str):
        raise click.UsageError(f"{found.path}: warehouse: {warehouse!r} is no path")
    for name, options in _config(found.path, found.tables, commands).options.items():
        _check_values(found.path, commands[name], options, name)


def _check_values(file: Path, command: click.Command, values: Mapping[str, Any], place: str) -> None:
    if isinstance(command, click.Group):
        for name, options in values.items():
            _check_values(file, _commands(command)[name], options, f"{place}.{name}")
        return
    context = click.Context(command)
    for name, option in _options_of(command).items():
        if option.name not in values:
            continue
        value = values[option.name]
        try:
            if option.is_flag != isinstance(value, bool) or option.multiple != isinstance(value, list):
                raise click.BadParameter(f"{value!r} is no {_schema_of(option)['type']}")
            option.process_value(context, value)
        except click.ClickException as error:
            raise click.UsageError(f"{file}: [{place}] {name}: {error.message}") from error


def json_schema(commands: Mapping[str, click.Command], alerts: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of a configuration, for editors and before a deployment. `alerts` is that of its table."""
    tables = {name: _schema_of_table(command) for name, command in commands.items()}
    warehouse = {"type": "string", "description": "The warehouse of calls that name none, from the file's folder."}
    definitions = alerts.get("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "artifact-warehouse.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "warehouse": warehouse,
            "alerts": {key: value for key, value in alerts.items() if key != "$defs"},
            **{name: table for name, table in tables.items() if table["properties"]},
        },
        "$defs": definitions,
    }


def _schema_of_table(command: click.Command) -> dict[str, Any]:
    if isinstance(command, click.Group):
        properties = {name: _schema_of_table(one) for name, one in _commands(command).items()}
    else:
        properties = {name: _schema_of(option) for name, option in _options_of(command).items()}
    summary = (command.help or "").split("\n\n")[0].replace("\n", " ")
    return {"type": "object", "description": summary, "additionalProperties": False, "properties": properties}


def _schema_of(option: click.Option) -> dict[str, Any]:
    """The JSON schema of an option's value. Where the command line takes a text, a number may stand, too."""
    kind: dict[str, Any] = {"type": ["string", "number"]}
    if option.is_flag:
        kind = {"type": "boolean"}
    elif isinstance(option.type, click.Choice):
        kind = {"type": "string", "enum": [*option.type.choices]}
    elif isinstance(option.type, click.types.IntParamType):
        kind = {"type": "integer"}
    elif isinstance(option.type, click.types.FloatParamType):
        kind = {"type": "number"}
    elif isinstance(option.type, click.Path):
        kind = {"type": "string"}
    described = {"description": option.help} if option.help else {}
    return {**described, "type": "array", "items": kind} if option.multiple else {**described, **kind}


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
