"""manifest.json, v0 to v12 and v20, as a set of definitions and a set of renderings."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from artifact_warehouse import jsontext
from artifact_warehouse.artifact import Artifact
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.flatten.definitions import KNOWN_FIELDS, SECTION_TYPES, Entry, add_entry
from artifact_warehouse.flatten.rows import Rows
from artifact_warehouse.flatten.values import json_text, most_common, text

Slices = dict[str, msgspec.Raw]

_DERIVED_SECTIONS = {"metadata", "parent_map", "child_map", "docs_map", "generated_at"}
_KEPT_SECTIONS = {"selectors", "group_map", "files", "public_nodes"}
KNOWN_SECTIONS = {"nodes", "disabled", *SECTION_TYPES, *_DERIVED_SECTIONS, *_KEPT_SECTIONS}

_CREATED_AT = re.compile(rb'"created_at": ?[0-9.e+]+')


class EntryCache:
    """What slices of earlier manifests became, so that a slice seen before is not decoded again.

    Most entries of a project's next manifest differ from the last one's in nothing but `created_at`.
    """

    def __init__(self, max_entries: int = 500_000) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._max_entries = max_entries

    @staticmethod
    def key(section: str, raw: msgspec.Raw) -> bytes:
        masked = _CREATED_AT.sub(b"", bytes(raw))
        return hashlib.blake2b(masked, digest_size=16, key=section.encode()).digest()

    def get(self, key: bytes) -> Entry | None:
        return self._entries.get(key)

    def put(self, key: bytes, entry: Entry) -> None:
        if len(self._entries) >= self._max_entries:
            self._entries.clear()
        self._entries[key] = entry


def flatten(artifact: Artifact, rows: Rows, cache: EntryCache) -> dict[str, Any]:
    """Add the content of a manifest; returns what `artifacts` says of it."""
    unknown: Counter[str] = Counter()
    entries = [*_live_entries(artifact, rows, cache, unknown)]
    live_ids = {entry.unique_id for entry in entries}
    entries += _disabled_entries(artifact, rows, live_ids, unknown)
    packages = [entry.package_name for entry in entries]
    return {
        "project_name": _project_name(artifact, set(packages)),
        "project_id": text(artifact.metadata.get("project_id")),
        "adapter_type": text(artifact.metadata.get("adapter_type")),
        "main_package": most_common(
            entry.package_name for entry in entries if not entry.unique_id.startswith(("macro.", "doc."))
        ),
        "entry_count": len(entries),
        "compiled_count": sum(entry.is_compiled for entry in entries),
        "graph_id": rows.add_set(entry.definition_id for entry in entries),
        "rendering_set_id": rows.add_set(entry.rendering_id for entry in entries if entry.rendering_id),
        "unknown_fields": unknown,
        "extra": json_text(_kept(artifact)),
    }


def _live_entries(artifact: Artifact, rows: Rows, cache: EntryCache, unknown: Counter[str]) -> Iterator[Entry]:
    for section in ("nodes", *SECTION_TYPES):
        for unique_id, raw in _slices(artifact, section).items():
            key = cache.key(section, raw)
            entry = cache.get(key)
            if entry is None:
                content = _decode(artifact, section, raw)
                _report_unknown(content, section, unknown)
                content.setdefault("unique_id", unique_id)
                entry = add_entry(content, _section_type(section, content), rows)
                cache.put(key, entry)
            yield entry


def _disabled_entries(artifact: Artifact, rows: Rows, live_ids: set[str], unknown: Counter[str]) -> Iterator[Entry]:
    """`disabled` is a list up to v3, then lists by unique_id; an id may occur again, and be live as well."""
    content = artifact.section("disabled") or []
    lists = content.values() if isinstance(content, dict) else [content]
    seen = set(live_ids)
    for items in lists:
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict):
                _report_unknown(item, "disabled", unknown)
                unique_id = text(item.get("unique_id")) or ""
                yield add_entry(item, None, rows, is_enabled=False, is_shadowed=unique_id in seen)
                seen.add(unique_id)


def _slices(artifact: Artifact, section: str) -> Slices:
    try:
        return artifact.section(section, Slices) or {}
    except jsontext.UnexpectedShape as error:
        raise MalformedArtifact(artifact.uri, f"section {section!r} is no object of entries") from error


def _decode(artifact: Artifact, section: str, raw: msgspec.Raw) -> dict[str, Any]:
    try:
        content: dict[str, Any] = jsontext.decode(bytes(raw), dict[str, Any])
    except ValueError as error:
        raise MalformedArtifact(artifact.uri, f"an entry of section {section!r}: {error}") from error
    return content


def _section_type(section: str, content: dict[str, Any]) -> str | None:
    """Up to 0.15 sources and docs stood among others: what an entry of `nodes` says itself counts."""
    return SECTION_TYPES.get(section) or text(content.get("resource_type"))


def _report_unknown(content: dict[str, Any], section: str, unknown: Counter[str]) -> None:
    for key in content.keys() - KNOWN_FIELDS:
        unknown[f"{section}.*.{key}"] += 1


def _project_name(artifact: Artifact, packages: set[str | None]) -> str | None:
    """metadata.project_name since 1.6; before, the package whose md5 is metadata.project_id."""
    if name := text(artifact.metadata.get("project_name")):
        return name
    project_id = artifact.metadata.get("project_id")
    named = (p for p in packages if p and hashlib.md5(p.encode()).hexdigest() == project_id)
    return next(named, None)


def _kept(artifact: Artifact) -> dict[str, Any]:
    """Sections that are no entries, and sections of newer schemas, as they are."""
    names = artifact.sections.keys() - (KNOWN_SECTIONS - _KEPT_SECTIONS)
    return {name: content for name in sorted(names) if (content := artifact.section(name))}
