"""Flattens dbt 2's telemetry of one invocation: its row, the results and phases of its nodes, and its statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.run_results import selection, variables
from artifact_warehouse.artifacts.flatteners.values import bigint, boolean, main_package, obj, text, to_json, without

KNOWN_SECTIONS = {"metadata", "records"}

_RUN, _RENDER, _ANALYZE = "EXECUTION_PHASE_RUN", "EXECUTION_PHASE_RENDER", "EXECUTION_PHASE_ANALYZE"
_TESTS = {"NODE_TYPE_TEST", "NODE_TYPE_UNIT_TEST"}
_SKIPPED = {"NODE_SKIP_REASON_NO_OP": "no-op", "NODE_SKIP_REASON_CACHED": "reused"}
_TESTED = {"TEST_OUTCOME_FAILED": "fail", "TEST_OUTCOME_WARNED": "warn"}

Record = dict[str, Any]


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the rows of an invocation's telemetry. Returns its columns of `artifacts`."""
    found = artifact.section("records")
    records = [*map(obj, found if isinstance(found, list) else [])]
    ended = [record for record in records if record.get("record_type") == "SpanEnd"]
    invocation = _invocation_of(records, ended)
    attributes = _attributes(invocation)
    args = obj(attributes.get("eval_args"))
    nodes = {_unique_id(record): record for record in _of(ended, "NodeProcessed", "HookProcessed")}
    phases = _phases(ended)
    times = [time for record in records for name in ("started_at", "completed_at") if (time := text(record.get(name)))]
    completed_at = text(invocation.get("completed_at"))
    for unique_id, record in nodes.items():
        rows.add("node_executions", **_execution(artifact.artifact_key, unique_id, record, phases.get(unique_id, {})))
    _add_phases(artifact.artifact_key, ended, rows)
    _add_statements(artifact.artifact_key, _of(ended, "QueryExecuted"), rows)
    line = text(attributes.get("raw_command"))
    outcome = _outcome(invocation)
    rows.add(
        "invocations",
        artifact_key=artifact.artifact_key,
        started_at=text(invocation.get("started_at")),
        completed_at=completed_at,
        elapsed_seconds=seconds_between(invocation.get("started_at"), completed_at),
        first_started_at=min(_node_times(nodes, "started_at"), default=None),
        last_completed_at=max(_node_times(nodes, "completed_at"), default=None),
        is_full_refresh=bool(boolean(args.get("full_refresh"))) or "--full-refresh" in (line or "").split(),
        is_retry=args.get("command") == "retry",
        is_aborted=outcome == "error" and not nodes,
        outcome=outcome,
        invocation_command=line,
        selection=selection(args),
        args=to_json(args),
        vars=variables(args.get("vars")),
        extra=to_json({"telemetry": without(attributes, "eval_args", "raw_command", "invocation_id")}),
    )
    adapters = (text(_attributes(record).get("adapter_type")) for record in _of(ended, "QueryExecuted"))
    return {
        "command": text(args.get("command")),
        "target_name": text(args.get("target")),
        "dbt_version": text(obj(attributes.get("process_info")).get("version")),
        "adapter_type": next(filter(None, adapters), None),
        "generated_at": completed_at or max(times, default=None),
        "main_package": main_package(nodes),
        "entry_count": len(nodes),
    }


def _invocation_of(records: list[Record], ended: list[Record]) -> Record:
    """The span of the invocation: its end, else its start, where dbt was killed."""
    return next(iter([*_of(ended, "Invocation"), *_of(records, "Invocation")]), {})


def _outcome(invocation: Record) -> str:
    """How the invocation ended. Code 2 is OpenTelemetry's STATUS_CODE_ERROR.

    https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
    """
    if not invocation.get("completed_at"):
        return "unfinished"
    return "error" if obj(invocation.get("status")).get("code") == 2 else "success"


def _of(records: list[Record], *events: str) -> list[Record]:
    return [record for record in records if record.get("event") in events]


def _attributes(record: Record) -> dict[str, Any]:
    return obj(record.get("attributes"))


def _unique_id(record: Record) -> str:
    return text(_attributes(record).get("unique_id")) or ""


def _node_times(nodes: dict[str, Record], end: str) -> list[str]:
    """The starts or ends of the nodes that were executed."""
    skipped = "NODE_OUTCOME_SKIPPED"
    found = (record.get(end) for record in nodes.values() if _attributes(record).get("node_outcome") != skipped)
    return [*filter(None, map(text, found))]


def _phases(ended: list[Record]) -> dict[str, dict[str, Record]]:
    """The phases of each node, by their names."""
    found: dict[str, dict[str, Record]] = {}
    for record in _of(ended, "NodeEvaluated"):
        found.setdefault(_unique_id(record), {})[text(_attributes(record).get("phase")) or ""] = record
    return found


def _execution(artifact_key: int, unique_id: str, record: Record, phases: dict[str, Record]) -> dict[str, Any]:
    """The result of a node or hook, as run_results.json would have it."""
    attributes = _attributes(record)
    status = _status(attributes)
    is_idle = status in ("skipped", "no-op", "reused")
    run = record if record.get("event") == "HookProcessed" else obj(phases.get(_RUN))
    compiled = [phases[name] for name in (_RENDER, _ANALYZE) if name in phases]
    detail = attributes.get("node_test_detail")
    return {
        "artifact_key": artifact_key,
        "unique_id": unique_id,
        "status": status,
        "execution_seconds": None if is_idle else _working_seconds(run, attributes),
        "compile_started_at": compiled[0].get("started_at") if compiled and not is_idle else None,
        "compile_completed_at": compiled[-1].get("completed_at") if compiled and not is_idle else None,
        "execute_started_at": None if is_idle else run.get("started_at"),
        "execute_completed_at": None if is_idle else run.get("completed_at"),
        "message": text(obj(record.get("status")).get("message")),
        "failures": (bigint(detail.get("failing_rows")) or 0) if isinstance(detail, dict) else None,
        "rows_affected": bigint(attributes.get("rows_affected")),
        "extra": to_json(without(attributes, "unique_id", "rows_affected", "node_checksum")),
    }


def _working_seconds(run: Record, attributes: dict[str, Any]) -> float | None:
    """The time of the phase that runs the node; where there is none, the time that dbt worked on the node."""
    working = bigint(attributes.get("duration_ms"))
    span = seconds_between(run.get("started_at"), run.get("completed_at"))
    return span if span is not None else None if working is None else working / 1000


def _status(attributes: dict[str, Any]) -> str:
    """The word that run_results.json has for an outcome. A test that failed has the outcome SUCCESS, too."""
    outcome = text(attributes.get("node_outcome") or attributes.get("hook_outcome")) or ""
    word = outcome.rsplit("_OUTCOME_", 1)[-1].lower()
    if word == "skipped":
        return _SKIPPED.get(str(attributes.get("node_skip_reason")), word)
    if word != "success" or attributes.get("node_type") not in _TESTS:
        return word or "unknown"
    return _TESTED.get(str(obj(attributes.get("node_test_detail")).get("test_outcome")), "pass")


def _add_phases(artifact_key: int, ended: list[Record], rows: Rows) -> None:
    """Add a row per phase of a node, and one without a phase for the whole of it."""
    for record in _of(ended, "NodeProcessed", "NodeEvaluated"):
        attributes = _attributes(record)
        is_whole = record.get("event") == "NodeProcessed"
        working = bigint(attributes.get("duration_ms")) if is_whole else None
        rows.add(
            "node_phases",
            artifact_key=artifact_key,
            unique_id=_unique_id(record),
            phase=None if is_whole else _word(attributes.get("phase"), "EXECUTION_PHASE_"),
            started_at=text(record.get("started_at")),
            completed_at=text(record.get("completed_at")),
            working_seconds=None if working is None else working / 1000,
            outcome=_word(attributes.get("node_outcome"), "NODE_OUTCOME_"),
            skip_reason=_word(attributes.get("node_skip_reason"), "NODE_SKIP_REASON_"),
            skipped_by_unique_id=text(obj(attributes.get("node_skip_upstream_detail")).get("upstream_unique_id")),
            error_type=_word(attributes.get("node_error_type"), "NODE_ERROR_TYPE_"),
        )


def _add_statements(artifact_key: int, records: list[Record], rows: Rows) -> None:
    for number, record in enumerate(sorted(records, key=lambda record: str(record.get("started_at"))), 1):
        attributes = _attributes(record)
        rows.add(
            "statements",
            artifact_key=artifact_key,
            statement_index=number,
            unique_id=text(attributes.get("unique_id")),
            phase=_word(attributes.get("phase"), "EXECUTION_PHASE_"),
            started_at=text(record.get("started_at")),
            completed_at=text(record.get("completed_at")),
            outcome=_word(attributes.get("query_outcome"), "QUERY_OUTCOME_"),
            error=text(attributes.get("query_error_adapter_message")),
            query_id=text(attributes.get("query_id")),
            sql_id=rows.add_text(text(attributes.get("compiled_sql"))),
            extra=to_json(
                without(attributes, "unique_id", "phase", "query_outcome", "query_error_adapter_message", "query_id")
                | {"compiled_sql": None}
            ),
        )


def _word(value: Any, prefix: str) -> str | None:
    """A word of an enumeration in small letters, without the prefix that all its words have."""
    found = text(value)
    return found.removeprefix(prefix).lower() if found else None


def seconds_between(start: Any, end: Any) -> float | None:
    """The seconds between two times of telemetry."""
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    moments = [datetime.fromisoformat(time.removesuffix("Z")) for time in (start, end)]
    return (moments[1] - moments[0]).total_seconds()
