"""Where a call of dbt writes its artifacts, and to which target of the profile it builds.

dbt takes both from its options, its environment variables, dbt_project.yml and profiles.yml, in this order:
https://docs.getdbt.com/reference/global-configs/about-global-configs and
https://docs.getdbt.com/docs/core/connect-data-platform/connection-profiles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENV_VAR = re.compile(r"\{\{\s*env_var\(\s*(['\"])(?P<name>.+?)\1\s*(?:,\s*(['\"])(?P<default>.*?)\3\s*)?\)\s*\}\}")
"""The one Jinja expression that is common in both files: https://docs.getdbt.com/reference/dbt-jinja-functions/env_var"""


@dataclass(frozen=True)
class DbtProject:
    """The project of a call of dbt: its arguments, the environment variables, and the working directory."""

    arguments: Sequence[str]
    variables: Mapping[str, str]
    working_directory: Path

    @property
    def folder(self) -> Path:
        """The folder of dbt_project.yml."""
        return self.working_directory / (self._given("--project-dir", "DBT_PROJECT_DIR") or ".")

    @property
    def target_folder(self) -> Path:
        """The folder of the artifacts."""
        configured = self._project().get("target-path")
        given = self._given("--target-path", "DBT_TARGET_PATH") or self._rendered(configured)
        return self.folder / (given or "target")

    @property
    def target(self) -> str | None:
        """The target of the profile; None where nothing names it, or a file names it by other Jinja than `env_var`."""
        return self._given("--target", "DBT_TARGET", "-t") or self._rendered(self._profile().get("target"))

    def _given(self, option: str, variable: str, short: str | None = None) -> str | None:
        return _value_of(self.arguments, option, short) or self.variables.get(variable) or None

    def _project(self) -> Mapping[str, Any]:
        return _read(self.folder / "dbt_project.yml")

    def _profile(self) -> Mapping[str, Any]:
        """The profile of the project, from the first profiles.yml that dbt looks for."""
        name = self._given("--profile", "DBT_PROFILE") or self._rendered(self._project().get("profile"))
        folder = self._given("--profiles-dir", "DBT_PROFILES_DIR")
        folders = [self.working_directory / folder] if folder else [self.folder, Path.home() / ".dbt"]
        file = next((file for folder in folders if (file := folder / "profiles.yml").is_file()), None)
        profile = _read(file).get(name) if file and name else None
        return profile if isinstance(profile, Mapping) else {}

    def _rendered(self, text: object) -> str | None:
        """A text with the values of its `env_var`; None where it has another expression or no value."""
        if not isinstance(text, str):
            return None
        values = {m["name"]: self.variables.get(m["name"], m["default"]) for m in _ENV_VAR.finditer(text)}
        if None in values.values():
            return None
        rendered = _ENV_VAR.sub(lambda match: str(values[match["name"]]), text)
        return None if "{{" in rendered or "{%" in rendered else rendered


def _value_of(arguments: Sequence[str], option: str, short: str | None) -> str | None:
    """The last value of an option, as click reads it: `--target prod`, `--target=prod`, `-t prod` and `-tprod`."""
    value = None
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument in (option, short):
            value = arguments[index + 1] if index + 1 < len(arguments) else value
        elif argument.startswith(f"{option}="):
            value = argument.partition("=")[2]
        elif short and argument.startswith(short) and not argument.startswith("--"):
            value = argument[len(short) :]
    return value


def _read(file: Path) -> Mapping[str, Any]:
    """The content of a YAML file; nothing where it cannot be read. dbt itself says what is wrong with it."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, Mapping) else {}
