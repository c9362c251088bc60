"""Answers the daily questions: finds the node and the runs that are meant, and runs a statement of sql/queries/."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import duckdb

from artifact_warehouse.durations import moment_of
from artifact_warehouse.lineage import resolve_node
from artifact_warehouse.monitor import find_previous_run, find_run
from artifact_warehouse.schema import to_utc
from artifact_warehouse.storage import parameters, query, require_labels

Values = dict[str, Any]
_LABELS = ("project", "environment", "job")


def answer(connection: duckdb.DuckDBPyConnection, question: str, values: Values) -> duckdb.DuckDBPyRelation:
    """The answer to a question. `values` are its keywords.

    Raises UnknownLabel, UnknownNode and UnknownRun.
    """
    labels = {name: values[name] for name in _LABELS if name in values}
    require_labels(connection, **labels)
    for name, found in _FOUND.items():
        if name in values:
            values = {**values, **found(connection, values)}
    sql = query(f"everyday/{question}")
    return connection.sql(sql, params=parameters(sql, values))


def _node(connection: duckdb.DuckDBPyConnection, values: Values) -> Values:
    return {"unique_id": resolve_node(connection, values["node"])}


def _since(_: duckdb.DuckDBPyConnection, values: Values) -> Values:
    now = to_utc(values.get("now") or datetime.now(timezone.utc))
    since = values["since"]
    return {"since": None if since is None else to_utc(moment_of(since, now))}


def _run(connection: duckdb.DuckDBPyConnection, values: Values) -> Values:
    """One run, or the two that are compared: the later one is `other_run`."""
    labels = {name: values[name] for name in _LABELS}
    found = find_run(connection, values["run"], **labels)
    if "other" not in values:
        return {"run": found["invocation_id"], "command": found["command"]}
    if values["other"] is None:
        before, after = find_previous_run(connection, found), found
    else:
        before, after = found, find_run(connection, values["other"], **labels)
    return {
        "run": before["invocation_id"],
        "command": before["command"],
        "other_run": after["invocation_id"],
        "other_command": after["command"],
    }


def _failed(_: duckdb.DuckDBPyConnection, values: Values) -> Values:
    return {"is_failed": values["failed"]}


_FOUND: dict[str, Callable[[duckdb.DuckDBPyConnection, Values], Values]] = {
    "node": _node,
    "run": _run,
    "since": _since,
    "failed": _failed,
}
"""What a keyword of a question becomes in its statement."""
