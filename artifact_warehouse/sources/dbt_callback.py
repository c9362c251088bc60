"""A callback of dbt's `dbtRunner`: https://docs.getdbt.com/reference/programmatic-invocations#registering-callbacks."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from artifact_warehouse.errors import ArtifactWarehouseError
from artifact_warehouse.sources.dbt_project import DbtProject
from artifact_warehouse.sources.dbt_run import artifacts_with

Load = Callable[[Sequence[Path], "str | None"], object]
"""Loads files, with the target of the profile as their environment."""


class DbtCallback:
    """Loads the artifacts of each command of a dbtRunner when the command is completed.

    A load that fails is a warning of Python. It does not fail the command of dbt.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._arguments: Mapping[str, str] = {}

    def __call__(self, event: Any) -> None:
        if event.info.name == "MainReportArgs":
            self._arguments = dict(event.data.args)
        elif event.info.name == "CommandCompleted":
            project = DbtProject(_options(self._arguments), os.environ, Path.cwd())
            files = artifacts_with(event.info.invocation_id, project.target_folder)
            try:
                if files:
                    self._load(files, project.target)
            except ArtifactWarehouseError as error:
                warnings.warn(f"the artifacts of dbt are not loaded: {error}", stacklevel=2)


def _options(arguments: Mapping[str, str]) -> list[str]:
    """The options that dbt reports to a callback, as a command line. It reports None as the text None."""
    names = ("project_dir", "target_path", "profiles_dir", "profile", "target")
    given = {name: value for name in names if (value := arguments.get(name, "None")) != "None"}
    return [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
