"""The configuration file: found from the working folder upwards, and read. Each room checks its own tables.

It is artifact-warehouse.toml, or pyproject.toml with a table tool.artifact-warehouse.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from artifact_warehouse.errors import InvalidConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "artifact-warehouse.toml"
_PROJECT_FILE = "pyproject.toml"


class ConfigFile(NamedTuple):
    """A configuration: its file, and the tables in it."""

    path: Path
    tables: dict[str, Any]


def find_config(folder: Path | None = None) -> ConfigFile | None:
    """The nearest configuration: in the folder, by default the working one, or in one above it. Raises InvalidConfig.

    A pyproject.toml that is not TOML, or that has no table of artifact-warehouse, is not one.
    """
    try:
        start = (folder or Path.cwd()).absolute()
    except OSError:  # the working folder was removed
        return None
    for place in (start, *start.parents):
        if (own := place / FILE_NAME).is_file():
            return read_config(own)
        if (project := place / _PROJECT_FILE).is_file() and (tables := _tables_of_project(project)) is not None:
            return ConfigFile(project, tables)
    return None


def read_config(path: Path) -> ConfigFile:
    """The configuration in a file, whatever its name. Raises InvalidConfig."""
    tables = _read(path)
    if path.name == _PROJECT_FILE:
        tables = tables.get("tool", {}).get("artifact-warehouse", {})
    return ConfigFile(path, tables)


def _tables_of_project(path: Path) -> dict[str, Any] | None:
    try:
        tables: dict[str, Any] | None = _read(path).get("tool", {}).get("artifact-warehouse")
    except InvalidConfig:
        return None
    return tables


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfig(str(path), f"cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(str(path), f"is not TOML: {error}") from error
