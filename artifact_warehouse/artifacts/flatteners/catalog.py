"""Flattens catalog.json, v0 and v1: a set of relations, and their statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.values import (
    boolean,
    double,
    integer,
    main_package,
    obj,
    text,
    to_json,
)
from artifact_warehouse.schema import hash_text

READ_SECTIONS = {"metadata", "nodes", "sources", "generated_at"}
KNOWN_SECTIONS = {*READ_SECTIONS, "errors", "_compile_results"}

_NO_STATISTIC = "has_stats"
"""dbt's entry that only says whether a relation has statistics."""


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the relations of a catalog. Returns its columns of `artifacts`."""
    unknown: Counter[str] = Counter()
    entries = dict(_entries(artifact, unknown))
    relation_ids = [_add_relation(unique_id, entry, rows) for unique_id, entry in entries.items()]
    for unique_id, entry in entries.items():
        _add_stats(artifact.artifact_key, unique_id, obj(entry.get("stats")), rows)
    return {
        "main_package": main_package(entries),
        "entry_count": len(entries),
        "catalog_set_id": rows.add_set(relation_ids),
        "unknown_fields": unknown,
        "extra": to_json(artifact.unread_sections(READ_SECTIONS)),
    }


def _entries(artifact: Artifact, unknown: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The relations of both sections. Where a unique_id occurs twice, which dbt does not write, the first counts."""
    nodes = obj(artifact.section("nodes"))
    sources = obj(artifact.section("sources"))
    if repeated := nodes.keys() & sources.keys():
        unknown["sources: unique_id of a node"] += len(repeated)
    for unique_id, entry in {**sources, **nodes}.items():
        yield unique_id, obj(entry)


def _add_relation(unique_id: str, entry: dict[str, Any], rows: Rows) -> str:
    metadata = dict(obj(entry.get("metadata")))
    columns = [_column(name, obj(column)) for name, column in obj(entry.get("columns")).items()]
    rest = _rest(entry, _RELATION_KEYS)
    relation = {
        "unique_id": unique_id,
        "database_name": text(metadata.pop("database", None)),
        "schema_name": text(metadata.pop("schema", None)),
        "relation_name": text(metadata.pop("name", None)),
        "catalog_type": text(metadata.pop("type", None)),
        "catalog_owner": text(metadata.pop("owner", None)),
        "comment": text(metadata.pop("comment", None)),
        "extra": to_json(metadata | rest),
    }
    relation_id = hash_text("catalog_relation:" + json_text.encode([relation, columns]))
    if rows.is_new(relation_id):
        rows.add("catalog_relations", catalog_relation_id=relation_id, **relation)
        for column in columns:
            rows.add("catalog_columns", catalog_relation_id=relation_id, **column)
    return relation_id


def _column(name: str, column: dict[str, Any]) -> dict[str, Any]:
    row = {
        "column_name": text(column.get("name")) or name,
        "column_index": integer(column.get("index")),
        "data_type": text(column.get("type")),
        "comment": text(column.get("comment")),
    }
    rest = to_json(_rest(column, _COLUMN_KEYS))
    return {**row, "extra": rest} if rest else row


_RELATION_KEYS = {"metadata", "columns", "stats", "unique_id"}
_COLUMN_KEYS = {"name", "index", "type", "comment"}
_STAT_KEYS = {"id", "label", "description", "value", "include"}


def _rest(entry: dict[str, Any], known: set[str]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in known and value is not None}


def _add_stats(artifact_key: int, unique_id: str, stats: dict[str, Any], rows: Rows) -> None:
    """One row per statistic. Where an id occurs twice, the last counts."""
    named = {text(obj(stat).get("id")) or key: obj(stat) for key, stat in stats.items() if key != _NO_STATISTIC}
    for stat_id, stat in named.items():
        rows.add(
            "relation_stats",
            artifact_key=artifact_key,
            unique_id=unique_id,
            stat_id=stat_id,
            label=text(stat.get("label")),
            description=text(stat.get("description")),
            value=text(stat.get("value")),
            value_double=double(stat.get("value")),
            is_included=boolean(stat.get("include")),
            extra=to_json(_rest(stat, _STAT_KEYS)),
        )
