"""Reads dbt 2's telemetry, a JSON object a line. Each invocation in it becomes an artifact of its own.

Only what tells of the invocation, its nodes and their statements is kept; log messages are not.
https://docs.getdbt.com/reference/telemetry
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.limits import Limits

TELEMETRY_SCHEMA = "telemetry/v1"
"""`metadata.artifact_warehouse_schema` of the telemetry of one invocation."""

EVENTS = (
    *("invocation.Invocation", "phase.PhaseExecuted", "node.NodeProcessed", "node.NodeEvaluated"),
    *("query.QueryExecuted", "hook.HookProcessed"),
)
"""The ends of the event types that are kept."""

_BEGINNING = b'"record_type"'
"""The first key of each line."""


class _Record(msgspec.Struct):
    """A line of telemetry."""

    record_type: str
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    start_time_unix_nano: Any = None
    end_time_unix_nano: Any = None
    status: Any = None
    event_type: str | None = None
    attributes: Any = None


def is_telemetry(data: bytes) -> bool:
    """Whether a file begins like telemetry."""
    return data.lstrip()[:1] == b"{" and _BEGINNING in data[:64]


def documents(data: bytes, uri: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The invocations in a file of telemetry: the id and the document of each. Raises MalformedArtifact.

    The last line may be cut off, where dbt was killed or still runs.
    """
    if data.count(b"\n") > limits.values:
        raise MalformedArtifact(uri, f"has more than {limits.values:,} lines; if it is sound, raise --max-values")
    by_trace: dict[str, list[dict[str, Any]]] = {}
    lines = data.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line, type=_Record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if number == len(lines):
                break
            raise MalformedArtifact(uri, f"line {number:,} is no record of telemetry: {error}") from error
        if record.trace_id and (record.event_type or "").endswith(EVENTS):
            by_trace.setdefault(record.trace_id, []).append(_kept(record))
    for trace_id, records in by_trace.items():
        yield document(trace_id, records)


def document(trace_id: str, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """The id of an invocation, and its document: the same for the same records."""
    try:
        invocation_id = str(UUID(trace_id))
    except ValueError:
        invocation_id = trace_id
    metadata = {"artifact_warehouse_schema": TELEMETRY_SCHEMA, "invocation_id": invocation_id}
    return invocation_id, json_text.encode({"metadata": metadata, "records": records}).encode()


def _kept(record: _Record) -> dict[str, Any]:
    """A record as it is stored. The SQL of a statement is code, by its name as well."""
    attributes = record.attributes if isinstance(record.attributes, dict) else {}
    if "sql" in attributes:
        attributes = {**attributes, "compiled_sql": attributes["sql"]}
        del attributes["sql"]
    return {
        "record_type": record.record_type,
        "span_id": record.span_id,
        "parent_span_id": record.parent_span_id,
        "started_at": _time(record.start_time_unix_nano),
        "completed_at": _time(record.end_time_unix_nano),
        "event": (record.event_type or "").rsplit(".", 1)[-1],
        "status": record.status if isinstance(record.status, dict) else None,
        "attributes": attributes,
    }


def _time(nanoseconds: Any) -> str | None:
    """The time of a number of nanoseconds since 1970, which JSON has as a text."""
    try:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=int(nanoseconds) // 1000)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
