"""The columns that a manifest's entry declares."""

from __future__ import annotations

from typing import Any

from artifact_warehouse.artifacts.flatteners.values import obj, text, texts, to_json, without_empty

_COLUMN_KEYS = {"name", "description", "data_type", "meta", "tags", "constraints", "config", "doc_blocks"}


def declared_columns(columns: Any) -> list[dict[str, Any]]:
    """The declared columns as rows of definition_columns, without the definition's id."""
    entries = columns.values() if isinstance(columns, dict) else columns if isinstance(columns, list) else ()
    rows = []
    for index, entry in enumerate((e for e in entries if isinstance(e, dict)), start=1):
        config = obj(entry.get("config"))
        shown = {key: entry.get(key) or config.get(key) for key in ("meta", "tags")}
        own_config = {key: value for key, value in config.items() if key not in shown or value != shown[key]}
        rest = {key: entry[key] for key in entry.keys() - _COLUMN_KEYS}
        row = {
            "column_name": text(entry.get("name")) or "",
            "column_index": index,
            "description": text(entry.get("description")),
            "declared_data_type": text(entry.get("data_type")),
            "meta": to_json(shown["meta"]),
            "tags": texts(shown["tags"]),
            "constraints": to_json(without_empty(entry.get("constraints"))),
            "extra": to_json(without_empty({**rest, "config": own_config})),
        }
        rows.append({key: value for key, value in row.items() if value is not None})
    return rows
