"""The file artifact-warehouse.toml: found from the working folder upwards, and read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from artifact_warehouse.errors import InvalidConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "artifact-warehouse.toml"


def find_config(folder: Path | None = None) -> Path | None:
    """The nearest artifact-warehouse.toml: in the folder, by default the working one, or in one above it."""
    start = (folder or Path()).absolute()
    return next((path for place in (start, *start.parents) if (path := place / FILE_NAME).is_file()), None)


def read_config(path: Path) -> dict[str, Any]:
    """The tables of a configuration. Raises InvalidConfig."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfig(str(path), f"cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(str(path), f"is not TOML: {error}") from error
