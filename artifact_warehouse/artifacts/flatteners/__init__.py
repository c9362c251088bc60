"""Turns an artifact into rows of the tables. Each kind of artifact has a module. No database is opened.

Every column is filled from the one artifact alone. Facts that depend on several artifacts are computed later, in SQL
(`sql/internal/settled_artifacts.sql`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact, artifact_key
from artifact_warehouse.artifacts.flatteners import (
    catalog,
    column_lineage,
    information_schema,
    manifest,
    run,
    run_results,
    sources,
    telemetry,
)
from artifact_warehouse.artifacts.flatteners.manifest import EntryCache
from artifact_warehouse.artifacts.flatteners.rows import Rows, TextIds
from artifact_warehouse.artifacts.flatteners.run import command_of
from artifact_warehouse.artifacts.flatteners.run_results import Summary
from artifact_warehouse.artifacts.flatteners.values import obj, text, to_json
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.schema import normalise_time

__all__ = [
    "USUAL_SHAPE",
    "EntryCache",
    "Rows",
    "Summary",
    "TextIds",
    "command_of",
    "flatten",
    "flatten_summarised",
    "quarantine",
]

USUAL_SHAPE = run_results.Document
"""The shape that `parse` tries first, because most files in a folder are run_results."""

_SEMANTIC_MANIFEST_SECTIONS = ("semantic_models", "metrics", "saved_queries", "project_configuration")

_KNOWN_SECTIONS = {
    "manifest": manifest.KNOWN_SECTIONS,
    "run_results": run_results.KNOWN_SECTIONS,
    "catalog": catalog.KNOWN_SECTIONS,
    "sources": sources.KNOWN_SECTIONS,
    "freshness": sources.KNOWN_SECTIONS,
    "information_schema_freshness": sources.KNOWN_SECTIONS,
    "semantic_manifest": {*_SEMANTIC_MANIFEST_SECTIONS},
    "column_lineage": column_lineage.KNOWN_SECTIONS,
    "run": run.KNOWN_SECTIONS,
    "telemetry": telemetry.KNOWN_SECTIONS,
    "information_schema": information_schema.KNOWN_SECTIONS,
}


def flatten(artifact: Artifact, rows: Rows, cache: EntryCache | None = None) -> None:
    """Add all rows of an artifact to `rows`, or none and raise MalformedArtifact."""
    cache = cache or EntryCache()
    flatteners: dict[str, Callable[[], dict[str, Any]]] = {
        "manifest": lambda: manifest.flatten(artifact, rows, cache),
        "run_results": lambda: run_results.flatten(artifact, rows),
        "catalog": lambda: catalog.flatten(artifact, rows),
        "sources": lambda: sources.flatten(artifact, rows),
        "freshness": lambda: sources.flatten(artifact, rows),
        "information_schema_freshness": lambda: sources.flatten(artifact, rows),
        "semantic_manifest": lambda: _flatten_semantic_manifest(artifact, rows),
        "column_lineage": lambda: column_lineage.flatten(artifact, rows),
        "run": lambda: run.flatten(artifact, rows),
        "telemetry": lambda: telemetry.flatten(artifact, rows),
        "information_schema": lambda: information_schema.flatten(artifact, rows),
    }
    with rows.all_or_nothing():
        try:
            said = {**_common(artifact), **flatteners[artifact.kind]()}
        except RecursionError as error:  # msgspec decodes deeper nesting than Python code can walk
            raise MalformedArtifact(artifact.uri, json_text.TOO_DEEP) from error
        _add_artifact(artifact, said, rows)


def flatten_summarised(artifact: Artifact, summary: Summary, rows: Rows) -> None:
    """Add the rows of a run_results whose results are rows already, or none and raise MalformedArtifact."""
    with rows.all_or_nothing():
        said = {**_common(artifact), **run_results.flatten_invocation(artifact, summary, rows)}
        _add_artifact(artifact, said, rows)


def _add_artifact(artifact: Artifact, said: dict[str, Any], rows: Rows) -> None:
    """Add the row of the artifact itself. `said` has the columns that its flattener fills."""
    unknown = Counter(said.pop("unknown_fields", {}))
    unknown.update(artifact.sections.keys() - _KNOWN_SECTIONS[artifact.kind])
    rows.add(
        "artifacts",
        **said,
        unknown_fields=to_json(dict(unknown)),
        loaded_at=rows.loaded_at,
        redaction_count=artifact.redaction_count,
    )


def quarantine(artifact_id: str, kind: str | None, size_bytes: int, error: str, rows: Rows) -> None:
    """Add the row of an artifact that could not be read."""
    rows.add(
        "artifacts",
        artifact_key=artifact_key(artifact_id),
        artifact_id=artifact_id,
        kind=kind if kind != "unknown" else None,
        size_bytes=size_bytes,
        error=error,
        loaded_at=rows.loaded_at,
    )


def _common(artifact: Artifact) -> dict[str, Any]:
    """The columns of `artifacts` that every kind fills in the same way. v0 has generated_at outside of the metadata."""
    v0_meta = obj(artifact.section("meta"))
    generated_at = [
        artifact.metadata.get("generated_at"),
        artifact.section("generated_at"),
        v0_meta.get("generated_at"),
    ]
    has_ids = artifact.kind not in ("semantic_manifest", "column_lineage")
    own_id = artifact.artifact_id[:32] if has_ids else None
    return {
        "artifact_key": artifact.artifact_key,
        "artifact_id": artifact.artifact_id,
        "kind": artifact.kind,
        "schema_version": artifact.schema_version,
        "dbt_version": text(artifact.metadata.get("dbt_version")),
        "invocation_id": text(artifact.metadata.get("invocation_id")) or own_id,
        "generated_at": next(filter(None, map(normalise_time, generated_at)), None),
        "started_at": normalise_time(artifact.metadata.get("invocation_started_at")),
        "size_bytes": artifact.size_bytes,
        "metadata": to_json(artifact.metadata),
    }


def _flatten_semantic_manifest(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    sections = {name: artifact.section(name) for name in _SEMANTIC_MANIFEST_SECTIONS}
    rows.add(
        "semantic_manifests",
        artifact_key=artifact.artifact_key,
        **{name: to_json(content) for name, content in sections.items()},
    )
    return {
        "entry_count": sum(len(c) for c in sections.values() if isinstance(c, list)),
        "extra": to_json(artifact.unread_sections({*_SEMANTIC_MANIFEST_SECTIONS})),
    }
