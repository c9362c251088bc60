"""Stores what follows from all artifacts together: their labels, their invocations, and which of them are current."""

from __future__ import annotations

import duckdb


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring stored.settled_artifacts up to date with internal.settled_artifacts."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS FROM internal.settled_artifacts EXCEPT FROM stored.settled_artifacts"
    )
    connection.execute(
        "DELETE FROM stored.settled_artifacts WHERE artifact_key IN (SELECT artifact_key FROM changed) "
        "OR artifact_key NOT IN (SELECT artifact_key FROM stored.artifacts)"
    )
    connection.execute("INSERT INTO stored.settled_artifacts BY NAME FROM changed")
