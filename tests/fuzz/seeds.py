"""What the fuzzers start from: real artifacts, the large ones with few entries a section.

The samples, and whatever lies in the folders that FUZZ_SEEDS names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "sample_artifacts" / "runs"

MAX_BYTES = 30_000


def seeds() -> Iterator[bytes]:
    """Each distinct artifact, small enough to be mutated quickly; neighbours come one after the other."""
    seen: set[bytes] = set()
    for folder in (SAMPLES, *map(Path, filter(None, os.environ.get("FUZZ_SEEDS", "").split(os.pathsep)))):
        for file in sorted(folder.rglob("*.json")):
            if file.stat().st_size <= 3_000_000:
                data = small(file.read_bytes())
                if data is not None and data not in seen:
                    seen.add(data)
                    yield data


def small(data: bytes, max_bytes: int = MAX_BYTES) -> bytes | None:
    """The artifact with few entries in each section; None where it is no JSON object, or stays too large."""
    try:
        artifact = json.loads(data)
    except ValueError:
        return None
    if not isinstance(artifact, dict):
        return None
    for entries in (6, 3, 2, 1):
        fewer = {name: _fewer(section, entries, max_bytes // 8) for name, section in artifact.items()}
        data = json.dumps(fewer, separators=(",", ":")).encode()
        if len(data) <= max_bytes:
            return data
    return None


def _fewer(section: Any, entries: int, max_bytes: int) -> Any:
    """Entries of each resource type, the small ones first; other sections whole."""
    if isinstance(section, dict) and all(isinstance(entry, dict | list) for entry in section.values()):
        return dict(_chosen(section.items(), entries, max_bytes))
    if isinstance(section, list):
        return [entry for _, entry in _chosen(enumerate(section), entries, max_bytes)]
    return section


def _chosen(items: Iterable[tuple[Any, Any]], entries: int, max_bytes: int) -> list[tuple[Any, Any]]:
    sized = sorted(((len(json.dumps(entry)), index, (key, entry)) for index, (key, entry) in enumerate(items)))
    kept: dict[str, int] = {}
    chosen = []
    for size, index, (key, entry) in sized:
        kind = str(entry.get("resource_type")) if isinstance(entry, dict) else ""
        if kept.get(kind, 0) < entries and (size <= max_bytes or not chosen):
            kept[kind] = kept.get(kind, 0) + 1
            chosen.append((index, (key, entry)))
    return [item for _, item in sorted(chosen, key=lambda pair: pair[0])]
