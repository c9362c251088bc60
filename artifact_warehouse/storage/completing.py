"""What a shell completes: names of nodes, runs, views and labels that are in a file. Runs at every press of Tab."""

from __future__ import annotations

from pathlib import Path

import duckdb

from artifact_warehouse.errors import ArtifactWarehouseError
from artifact_warehouse.storage.connection import WarehouseFile
from artifact_warehouse.storage.sql_files import parameters, query

_QUERIES = {"nodes": "completed_nodes", "runs": "completed_runs", "views": "completed_views"}


def completions(path: Path, kind: str, prefix: str) -> list[tuple[str, str | None]]:
    """The names that begin with a text, each with a few words; none where the file cannot be read at once.

    `kind` is nodes, runs or views, or the label project, environment or job.
    """
    sql = query(_QUERIES.get(kind, "completed_labels"))
    try:
        with WarehouseFile(path).open(read_only=True) as connection:
            found = connection.execute(sql, parameters(sql, {"prefix": prefix, "label": kind})).fetchall()
    except (ArtifactWarehouseError, duckdb.Error):
        return []
    return [(value, about) for value, about in found]
