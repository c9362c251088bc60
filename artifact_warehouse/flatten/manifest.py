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
        self._entries: dict[bytes, tuple[Entry, frozenset[str]]] = {}
        self._max_entries = max_entries

    @staticmethod
    def key(section: str, unique_id: str, raw: msgspec.Raw) -> bytes | None:
        """The key of an entry; None for one with a `created_at` inside of it, of which it might be part."""
        masked, count = _CREATED_AT.subn(b"", bytes(raw))
        name = f"{section} {unique_id} ".encode()
        return hashlib.blake2b(name + masked, digest_size=16).digest() if count <= 1 else None

    def get(self, key: bytes | None) -> tuple[Entry, frozenset[str]] | None:
        return self._entries.get(key) if key else None

    def put(self, key: bytes, entry: Entry, unknown: frozenset[str]) -> None:
        if len(self._entries) >= self._max_entries:
            self._entries.clear()
        self._entries[key] = (entry, unknown)


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
        "extra": json_text(artifact.unread_sections(KNOWN_SECTIONS - _KEPT_SECTIONS)),
    }


def _live_entries(artifact: Artifact, rows: Rows, cache: EntryCache, unknown: Counter[str]) -> Iterator[Entry]:
    for section in ("nodes", *SECTION_TYPES):
        for unique_id, raw in _slices(artifact, section).items():
            key = cache.key(section, unique_id, raw)
            if bytes(raw) == b"null":
                unknown[f"{section}: null entries"] += 1
                continue
            found = cache.get(key)
            if found is None:
                content = _decode(artifact, section, raw)
                content["unique_id"] = unique_id
                new_fields = frozenset(f"{section}.*.{name}" for name in content.keys() - KNOWN_FIELDS)
                found = add_entry(content, _section_type(section, content), rows), new_fields
                if key and ("created_at" in content or not _CREATED_AT.search(bytes(raw))):
                    cache.put(key, *found)
            unknown.update(found[1])
            yield found[0]


def _disabled_entries(artifact: Artifact, rows: Rows, live_ids: set[str], unknown: Counter[str]) -> Iterator[Entry]:
    """`disabled` is a list up to v3, then lists by unique_id; an id may occur again, and be live as well."""
    content = artifact.section("disabled") or []
    lists = content.values() if isinstance(content, dict) else [content]
    seen = set(live_ids)
    for items in lists:
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict):
                unknown.update(f"disabled.*.{name}" for name in item.keys() - KNOWN_FIELDS)
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


def _project_name(artifact: Artifact, packages: set[str | None]) -> str | None:
    """metadata.project_name since 1.6; before, the package whose md5 is metadata.project_id."""
    if name := text(artifact.metadata.get("project_name")):
        return name
    project_id = artifact.metadata.get("project_id")
    named = (p for p in packages if p and hashlib.md5(p.encode()).hexdigest() == project_id)
    return next(named, None)
