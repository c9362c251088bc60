"""Flattens an invocation in dbt 2's information schema: its row in `invocations`, or its row and its results."""

from __future__ import annotations

from collections import Counter
from typing import Any

from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.run_results import add_executions, convert, is_aborted_whole, variables
from artifact_warehouse.artifacts.flatteners.timings import Timing, completed_at, first_of, last_of, started_at
from artifact_warehouse.artifacts.flatteners.values import double, integer, main_package, obj, text, to_json
from artifact_warehouse.artifacts.information_schema import decoded

KNOWN_SECTIONS = {"metadata", "invocations", "results"}

_ENCODED = ("adapter_response", "timing", "batch_results")
_OF_RESULTS = {
    *("unique_id", "status", "execution_time", "thread_id", "message", "failures", "relation_name"),
    *("adapter_response", "timing", "batch_results"),
}


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the rows of an invocation, of one table. Returns its columns of `artifacts`."""
    if artifact.section("results") is not None:
        return _flatten_results(artifact, rows)
    [row, *_] = [*map(obj, artifact.section("invocations") or []), {}]
    args = obj(decoded(row.get("args")))
    rows.add(
        "invocations",
        artifact_key=artifact.artifact_key,
        elapsed_seconds=double(row.get("elapsed_time")),
        threads=integer(row.get("target_threads")),
        selection=text(row.get("selector")),
        args=to_json(args),
        vars=variables(decoded(row.get("vars_override"))),
        env=to_json({name.upper(): row[name] for name in ("git_sha", "git_branch") if row.get(name)}),
    )
    return {
        "command": text(row.get("command")),
        "target_name": text(row.get("target_name")) or text(args.get("target")),
        "dbt_version": text(row.get("dbt_version")),
        "generated_at": text(row.get("generated_at")),
    }


def _flatten_results(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    found = [*map(obj, artifact.section("results") or [])]
    by_id = {text(row.get("unique_id")): row for row in found}
    results = [convert(_entry(row), Counter()) for row in by_id.values()]
    timings: list[Timing] = [timing for result in results for timing in result.timing]
    add_executions(artifact.artifact_key, results, timings, rows)
    rows.add(
        "invocations",
        artifact_key=artifact.artifact_key,
        first_started_at=first_of(map(started_at, timings)),
        last_completed_at=last_of(map(completed_at, timings)),
        is_aborted=is_aborted_whole(results),
    )
    return {
        "generated_at": max(filter(None, (text(row.get("created_at")) for row in found)), default=None),
        "main_package": main_package(result.unique_id for result in results),
        "entry_count": len(results),
    }


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a result of run_results.json. The table has JSON as text."""
    entry = {name: decoded(value) if name in _ENCODED else value for name, value in row.items() if name in _OF_RESULTS}
    if "rows_affected" in row and isinstance(entry.get("adapter_response", {}), dict):
        entry["adapter_response"] = {"rows_affected": row["rows_affected"], **entry.get("adapter_response", {})}
    return entry
