"""The labels of a warehouse: its projects, environments and jobs."""

from __future__ import annotations

import duckdb

from artifact_warehouse.errors import UnknownLabel
from artifact_warehouse.storage.sql_files import query


def labels(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """The values of `project`, `environment` and `job` that artifacts have."""
    found: dict[str, list[str]] = {"project": [], "environment": [], "job": []}
    for label, value in connection.execute(query("labels")).fetchall():
        found[label].append(value)
    return {label: tuple(values) for label, values in found.items()}


def require_labels(connection: duckdb.DuckDBPyConnection, **given: str | None) -> None:
    """Raises UnknownLabel for a project, environment or job that no artifact has. None is not asked for."""
    asked = {label: value for label, value in given.items() if value is not None}
    known = labels(connection) if asked else {}
    for label, value in asked.items():
        if value not in known[label]:
            raise UnknownLabel(label, value, known[label])
