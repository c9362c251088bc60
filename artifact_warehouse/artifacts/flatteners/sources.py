"""Flattens the freshness checks of sources.json, v0 to v3, of freshness.json and of dbt 2's information schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.values import bigint, double, main_package, obj, text, to_json
from artifact_warehouse.schema import normalise_time

READ_SECTIONS = {"metadata", "results", "meta", "sources", "generated_at"}
KNOWN_SECTIONS = {*READ_SECTIONS, "elapsed_time", "logs", "args"}

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}

_WITH_COLUMN = {
    *("unique_id", "status", "state", "max_loaded_at", "snapshotted_at", "max_loaded_at_time_ago_in_s"),
    *("age", "error", "execution_time", "thread_id"),
}


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the freshness checks of a sources.json or freshness.json. Returns its columns of `artifacts`."""
    checks = dict(_checks(artifact))
    for unique_id, check in checks.items():
        row = _row(check)
        rows.add("source_freshness", artifact_key=artifact.artifact_key, unique_id=unique_id, **row)
    return {
        "main_package": main_package(checks),
        "entry_count": len(checks),
        "extra": to_json(artifact.unread_sections(READ_SECTIONS)),
    }


def _checks(artifact: Artifact) -> Iterator[tuple[str, dict[str, Any]]]:
    """The checks with their unique_ids. Since v1 they are a list; in v0 an object, or a list with whole nodes."""
    by_id = obj(artifact.section("sources"))
    yield from ((unique_id, obj(check)) for unique_id, check in by_id.items())
    results = artifact.section("results")
    for check in map(obj, results if isinstance(results, list) else []):
        node = obj(check.get("node"))
        criteria = check.get("criteria") or node.get("freshness")
        yield text(check.get("unique_id") or node.get("unique_id")) or "", {**check, "criteria": criteria}


def _row(check: dict[str, Any]) -> dict[str, Any]:
    criteria = obj(check.get("criteria"))
    max_loaded_at = normalise_time(check.get("max_loaded_at"))
    age = check.get("max_loaded_at_time_ago_in_s", check.get("age"))
    rest = {key: value for key, value in check.items() if key not in _WITH_COLUMN and value is not None}
    return {
        "status": text(check.get("status") or check.get("state")),
        "max_loaded_at": max_loaded_at,
        "snapshotted_at": normalise_time(check.get("snapshotted_at")),
        "max_loaded_at_age_seconds": double(age) if max_loaded_at else None,
        "warn_after_seconds": _seconds(criteria.get("warn_after")),
        "error_after_seconds": _seconds(criteria.get("error_after")),
        "filter": text(criteria.get("filter")),
        "error": text(check.get("error")),
        "execution_seconds": double(check.get("execution_time")),
        "thread_id": text(check.get("thread_id")),
        "started_at": min(_times(check, "started_at"), default=None),
        "completed_at": max(_times(check, "completed_at"), default=None),
        "extra": to_json(rest),
    }


def _times(check: dict[str, Any], end: str) -> list[str]:
    """The starts or completions of a check's steps, all in one form, so that they sort as texts."""
    steps = check.get("timing")
    return [*filter(None, (normalise_time(obj(step).get(end)) for step in (steps if isinstance(steps, list) else [])))]


def _seconds(threshold: Any) -> int | None:
    """A threshold {count, period} in seconds. The periods are minute, hour and day."""
    count = bigint(obj(threshold).get("count"))
    seconds = _SECONDS.get(str(obj(threshold).get("period")))
    return bigint(count * seconds) if count is not None and seconds is not None else None
