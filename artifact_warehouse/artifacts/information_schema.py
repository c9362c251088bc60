"""Reads the runs in dbt 2's information schema, and in the index of its previews, which are Parquet files.

One file has several invocations. Each becomes an artifact of its own, once for each of the files that tell of it. The
freshness checks of an invocation become an artifact of a kind of its own, with the sections of a sources.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from artifact_warehouse.artifacts import json_text, parquet_rows
from artifact_warehouse.limits import Limits

INFORMATION_SCHEMA = "information_schema/v1"
"""`metadata.artifact_warehouse_schema` of an invocation in the information schema."""

FRESHNESS_SCHEMA = "information_schema_freshness/v1"
"""`metadata.artifact_warehouse_schema` of the freshness checks of an invocation in the information schema."""

INVOCATIONS = (
    *("invocation_id", "command", "selector", "dbt_version", "generated_at", "elapsed_time", "args", "target_name"),
    *("target_threads", "vars_override", "git_sha", "git_branch"),
)
RESULTS = (
    *("invocation_id", "unique_id", "status", "execution_time", "thread_id", "message", "failures", "relation_name"),
    *("adapter_response", "timing", "batch_results", "rows_affected", "created_at"),
)
FRESHNESS = (
    *("invocation_id", "unique_id", "status", "max_loaded_at", "snapshotted_at", "max_loaded_at_time_ago"),
    *("execution_time", "thread_id", "error", "warn_after_count", "warn_after_period", "error_after_count"),
    *("error_after_period", "freshness_filter", "adapter_response", "timing", "created_at", "resource_type"),
)
_CHECK_FIELDS = (
    *("unique_id", "resource_type", "status", "max_loaded_at", "snapshotted_at", "execution_time", "thread_id"),
    "error",
)
"""The fields of a check that sources.json has under the same name."""

_NEEDED = {
    "freshness": {"invocation_id", "unique_id", "status", "max_loaded_at", "snapshotted_at"},
    "invocations": {"invocation_id", "command", "generated_at"},
    "results": {"invocation_id", "unique_id", "status"},
}
_COLUMNS = {"freshness": FRESHNESS, "invocations": INVOCATIONS, "results": RESULTS}


def table_of(data: bytes) -> str | None:
    """Which table of runs a Parquet file has; None for another file. Raises ValueError."""
    names = parquet_rows.column_names(data)
    return next((table for table, needed in _NEEDED.items() if needed <= names), None)


def documents(data: bytes, uri: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The invocations in a file: the id and the document of each, equal for equal rows. Raises MalformedArtifact."""
    table = table_of(data)
    assert table is not None
    by_id: dict[str, list[dict[str, Any]]] = {}
    for row in parquet_rows.rows(data, uri, _COLUMNS[table], limits):
        if isinstance(row.get("invocation_id"), str):
            by_id.setdefault(row["invocation_id"], []).append(row)
    for invocation_id, rows in by_id.items():
        if table == "freshness":
            yield invocation_id, _checks(invocation_id, rows)
            continue
        metadata = {"artifact_warehouse_schema": INFORMATION_SCHEMA, "invocation_id": invocation_id}
        rows.sort(key=json_text.encode)
        yield invocation_id, json_text.encode({"metadata": metadata, table: rows}).encode()


def _checks(invocation_id: str, rows: list[dict[str, Any]]) -> bytes:
    """The checks of an invocation, as sources.json has them."""
    metadata: dict[str, str | None] = {
        "artifact_warehouse_schema": FRESHNESS_SCHEMA,
        "invocation_id": invocation_id,
        "generated_at": max((str(row["snapshotted_at"]) for row in rows if "snapshotted_at" in row), default=None),
    }
    results = sorted(map(_check, rows), key=json_text.encode)
    return json_text.encode({"metadata": metadata, "results": results}).encode()


def _check(row: dict[str, Any]) -> dict[str, Any]:
    criteria = {
        name: {"count": row.get(f"{name}_count"), "period": row.get(f"{name}_period")}
        for name in ("warn_after", "error_after")
        if f"{name}_count" in row
    }
    renamed: dict[str, Any] = {
        "max_loaded_at_time_ago_in_s": row.get("max_loaded_at_time_ago"),
        "criteria": {**criteria, "filter": row.get("freshness_filter")},
        **{name: decoded(row[name]) for name in ("adapter_response", "timing") if name in row},
    }
    kept = {name: value for name, value in row.items() if name in _CHECK_FIELDS}
    return {**kept, **renamed}


def decoded(value: Any) -> Any:
    """The value of a JSON text; the text itself where it is none. The tables have JSON as text."""
    if not isinstance(value, str):
        return value
    try:
        return json_text.decode(value.encode())
    except ValueError:
        return value
