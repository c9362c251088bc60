"""Reads dbt 2's telemetry, a JSON object a line or a row of Parquet. Each invocation becomes an artifact of its own.

Only what tells of the invocation, its nodes and their statements is kept; log messages are not.
https://docs.getdbt.com/reference/telemetry
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from artifact_warehouse.artifacts import json_text, parquet_rows
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


_PARQUET_COLUMNS = {
    *("record_type", "trace_id", "span_id", "parent_span_id", "start_time_unix_nano", "end_time_unix_nano"),
    *("status_code", "status_message", "event_type", "attributes"),
}
_SHARED_COLUMNS = {"code_line": "defined_at_line", "code_column": "defined_at_col"}
_HASHES = {"NodeProcessed": "node_checksum", "NodeEvaluated": "node_checksum", "QueryExecuted": "sql_hash"}
"""A column of Parquet has attributes of several events, under a name of its own."""
_TEXT_NUMBERS = ("duration_ms", "rows_affected", "node_count_total", "node_count_skipped", "node_count_error")
"""Numbers of 64 bits, which JSON has as texts: https://protobuf.dev/programming-guides/json/."""
_DETAIL = "node_outcome_detail"
_UNSPECIFIED = "_UNSPECIFIED"
"""The end of the words that are a default. JSON leaves them out."""
_WORDS = re.compile("(?<=[a-z])(?=[A-Z])")


def is_parquet_telemetry(data: bytes) -> bool:
    """Whether a Parquet file is telemetry. Raises ValueError."""
    return {"record_type", "trace_id", "event_type", "attributes"} <= parquet_rows.column_names(data)


def is_telemetry(data: bytes) -> bool:
    """Whether a file begins like telemetry in JSON."""
    return data.lstrip()[:1] == b"{" and _BEGINNING in data[:64]


def documents(data: bytes, uri: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The invocations in a file of telemetry: the id and the document of each. Raises MalformedArtifact.

    The last line may be cut off, where dbt was killed or still runs.
    """
    if data.count(b"\n") > limits.values:
        raise MalformedArtifact(uri, f"has more than {limits.values:,} lines; if it is sound, raise --max-values")
    yield from _by_invocation(_records_of_lines(data.splitlines(), uri))


def parquet_documents(data: bytes, uri: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The invocations in telemetry as Parquet: the documents that the same records have in JSON.

    Raises MalformedArtifact.
    """
    rows = parquet_rows.rows(data, uri, _PARQUET_COLUMNS, limits, structs=("attributes",))
    yield from _by_invocation(map(_record_of_row, rows))


def _records_of_lines(lines: list[bytes], uri: str) -> Iterator[_Record]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=_Record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if number == len(lines):
                return
            raise MalformedArtifact(uri, f"line {number:,} is no record of telemetry: {error}") from error


def _by_invocation(records: Iterable[_Record]) -> Iterator[tuple[str, bytes]]:
    by_trace: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.trace_id and (record.event_type or "").endswith(EVENTS):
            by_trace.setdefault(record.trace_id, []).append(_kept(record))
    for trace_id, kept in by_trace.items():
        yield document(trace_id, kept)


def document(trace_id: str, records: list[dict[str, Any]]) -> tuple[str, bytes]:
    """The id of an invocation, and its document: the same for the same records in any order."""
    try:
        invocation_id = str(UUID(trace_id))
    except ValueError:
        invocation_id = trace_id
    metadata = {"artifact_warehouse_schema": TELEMETRY_SCHEMA, "invocation_id": invocation_id}
    return invocation_id, json_text.encode({"metadata": metadata, "records": sorted(records, key=_order)}).encode()


def _order(record: dict[str, Any]) -> tuple[str, str, str]:
    return record["started_at"] or "", record["completed_at"] or "", json_text.encode(record)


def _record_of_row(row: dict[str, Any]) -> _Record:
    """A row of Parquet as the record that a line of JSON has."""
    code, message = row.get("status_code"), row.get("status_message")
    event = str(row.get("event_type"))
    return _Record(
        record_type=str(row.get("record_type")),
        trace_id=row.get("trace_id"),
        span_id=_hex(row.get("span_id")),
        parent_span_id=_hex(row.get("parent_span_id")),
        start_time_unix_nano=row.get("start_time_unix_nano"),
        end_time_unix_nano=row.get("end_time_unix_nano"),
        status=None if code is None and message is None else {"code": code, "message": message},
        event_type=event,
        attributes=_attributes(row.get("attributes") or {}, event.rsplit(".", 1)[-1]),
    )


def _hex(number: int | None) -> str | None:
    return None if number is None else f"{number:016x}"


def _attributes(columns: dict[str, Any], event: str) -> dict[str, Any]:
    """The attributes of an event: those that have a column, and the JSON of the others."""
    names = {**_SHARED_COLUMNS, "content_hash": _HASHES.get(event, "content_hash")}
    if event == "NodeProcessed":
        names["phase"] = "last_phase"
    others = _object(columns.get("json_payload"))
    found = {names.get(name, name): value for name, value in columns.items() if name != "json_payload" and value != ""}
    for name, detail in (others.pop(_DETAIL, None) or {}).items():  # {"NodeTestDetail": {…}}
        found[_WORDS.sub("_", name).lower()] = detail
    found = {**others, **found}
    texts = {name: str(found[name]) for name in _TEXT_NUMBERS if isinstance(found.get(name), int)}
    return {name: value for name, value in {**found, **texts}.items() if not str(value).endswith(_UNSPECIFIED)}


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json_text.decode((text or "{}").encode())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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
