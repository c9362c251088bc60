"""Stores what follows from all artifacts together: their labels, their invocations, and which of them are current."""

from __future__ import annotations

import duckdb

from artifact_warehouse.storage.sql_files import query

_FEW_ARTIFACTS = 2_000
"""To settle so many anew takes less time than to find those that can change."""


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring stored.settled_artifacts up to date with internal.settled_artifacts."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS FROM internal.settled_artifacts EXCEPT FROM stored.settled_artifacts"
    )
    connection.execute(
        "DELETE FROM stored.settled_artifacts WHERE artifact_key NOT IN (SELECT artifact_key FROM stored.artifacts)"
    )
    _replace_changed(connection)


def settle_new(connection: duckdb.DuckDBPyConnection) -> None:
    """The same after artifacts were added, or places of artifacts in `merged`: settles only what these can change.

    So a nightly load costs the same however many nights are stored.
    """
    if _are_few(connection):
        settle(connection)
        return
    connection.execute(query("find_touched"))
    [(must_settle_all,)] = connection.execute(query("must_settle_all"), {"few": _FEW_ARTIFACTS}).fetchall()
    if must_settle_all:
        settle(connection)
        return
    connection.execute(query("find_concerned"))
    keys = [key for (key,) in connection.execute("SELECT artifact_key FROM concerned").fetchall()]
    connection.execute("CREATE OR REPLACE TEMP TABLE fresh AS FROM internal.settled_among(?)", [keys])
    connection.execute(query("set_latest"))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS "
        "FROM fresh SEMI JOIN (FROM concerned WHERE part = 'row') USING (artifact_key) "
        "EXCEPT FROM stored.settled_artifacts SEMI JOIN concerned USING (artifact_key)"
    )
    _replace_changed(connection)


def _are_few(connection: duckdb.DuckDBPyConnection) -> bool:
    [(count,)] = connection.execute("SELECT count(*) FROM stored.settled_artifacts").fetchall()
    return bool(count <= _FEW_ARTIFACTS)


def _replace_changed(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM stored.settled_artifacts WHERE artifact_key IN (SELECT artifact_key FROM changed)")
    connection.execute("INSERT INTO stored.settled_artifacts BY NAME FROM changed")
