"""Artifacts as dbt writes them, as small as a test needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VERSIONS = {"manifest": 12, "run_results": 6, "catalog": 1, "sources": 3}
"""The newest version of each kind: https://schemas.getdbt.com."""


def metadata(kind: str, version: int | None = None, **fields: Any) -> dict[str, Any]:
    name, version = kind.replace("_", "-"), VERSIONS[kind] if version is None else version
    return {"dbt_schema_version": f"https://schemas.getdbt.com/dbt/{name}/v{version}.json", **fields}


def artifact(kind: str, fields: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """An artifact with `fields` in its metadata."""
    return {"metadata": metadata(kind, **fields), **sections}


def manifest(nodes: dict[str, dict[str, Any]], fields: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A manifest with each node in the section of its resource type."""
    found: dict[str, Any] = {"nodes": {}, "sources": {}, "exposures": {}, "unit_tests": {}, "macros": {}, **sections}
    for unique_id, entry in nodes.items():
        section = f"{unique_id.split('.')[0]}s"
        found[section if section in found else "nodes"][unique_id] = entry
    return artifact("manifest", fields, **found)


def write(folder: Path, kind: str, content: dict[str, Any]) -> Path:
    path = folder / f"{kind}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path
