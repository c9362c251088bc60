"""Flattens manifest.json, v0 to v12 and v20: a set of definitions and a set of renderings."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact
from artifact_warehouse.artifacts.flatteners.definitions import (
    KNOWN_FIELDS,
    SECTION_TYPES,
    VOLATILE,
    Entry,
    Template,
    add_entry,
    add_rendering,
    add_template,
)
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.values import most_common, text, to_json
from artifact_warehouse.errors import MalformedArtifact

Fields = dict[str, msgspec.Raw]
"""The undecoded fields of an entry."""

_DERIVED_SECTIONS = {"metadata", "parent_map", "child_map", "docs_map", "generated_at"}
_KEPT_SECTIONS = {"selectors", "group_map", "files", "public_nodes"}
KNOWN_SECTIONS = {"nodes", "disabled", *SECTION_TYPES, *_DERIVED_SECTIONS, *_KEPT_SECTIONS}

_COMPILATION = (*sorted(VOLATILE - {"created_at", "depends_on"}), "macros")
_NULL = msgspec.Raw(b"null")


class _Known(NamedTuple):
    """The template of an entry, and the latest entries made from it, by a digest of their compilation."""

    template: Template
    entries: dict[bytes, Entry]


class EntryCache:
    """Remembers the entries of earlier manifests. A known entry is not decoded again.

    Most entries of a project's next manifest differ from the last one's in nothing but `created_at`, the time of
    parsing, and in how far they are compiled.
    """

    def __init__(self, max_entries: int = 500_000) -> None:
        self._known: dict[bytes, _Known] = {}
        self._max_entries = max_entries
        self._names: dict[tuple[str | None, ...], bytes] = {}

    def key(self, section: str, unique_id: str, is_shadowed: bool, fields: Fields, depends_on: Fields) -> bytes:
        """The key of an entry: a digest of all its fields that are not VOLATILE."""
        names = self._names.setdefault((*fields, None, *depends_on), str(len(self._names)).encode())
        head = f"{section} {is_shadowed} {unique_id}".encode()
        return hashlib.sha256(b"\0".join((head, names, *fields.values(), *depends_on.values()))).digest()

    def get(self, key: bytes) -> _Known | None:
        return self._known.get(key)

    def put(self, key: bytes, template: Template) -> _Known:
        known = _Known(template, {})
        if len(self._known) >= self._max_entries:
            self._known.clear()
        if self._max_entries:
            self._known[key] = known
        return known


def flatten(artifact: Artifact, rows: Rows, cache: EntryCache) -> dict[str, Any]:
    """Add the content of a manifest. Returns its columns of `artifacts`."""
    unknown: Counter[str] = Counter()
    seen: set[str] = set()
    entries = [
        *_live_entries(artifact, rows, cache, seen, unknown),
        *_disabled_entries(artifact, rows, seen, unknown),
    ]
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
        "extra": to_json(artifact.unread_sections(KNOWN_SECTIONS - _KEPT_SECTIONS)),
    }


def _live_entries(
    artifact: Artifact, rows: Rows, cache: EntryCache, seen: set[str], unknown: Counter[str]
) -> Iterator[Entry]:
    """The entries of all sections. Where a unique_id occurs twice, which dbt does not write, the first counts."""
    for section in ("nodes", *SECTION_TYPES):
        for unique_id, raw in _slices(artifact, section).items():
            try:
                fields = json_text.decode(raw, Fields)
                if not fields.keys() <= KNOWN_FIELDS:
                    unknown.update(f"{section}.*.{name}" for name in fields.keys() - KNOWN_FIELDS)
                yield _entry(section, unique_id, unique_id in seen, fields, rows, cache)
                seen.add(unique_id)
            except ValueError as error:
                if bytes(raw) != b"null":
                    raise MalformedArtifact(artifact.uri, f"an entry of section {section!r}: {error}") from error
                unknown[f"{section}: null entries"] += 1


def _entry(section: str, unique_id: str, is_shadowed: bool, fields: Fields, rows: Rows, cache: EntryCache) -> Entry:
    """The definition and the rendering of an entry. Only what no earlier manifest had is decoded."""
    fields.pop("created_at", None)
    depends_on = _fields(fields.pop("depends_on", _NULL))
    macros = depends_on.pop("macros", _NULL)
    compilation = (*[fields.pop(name, _NULL) for name in _COMPILATION[:-1]], macros)
    key = cache.key(section, unique_id, is_shadowed, fields, depends_on)
    known = cache.get(key)
    if known is None:
        content = {**_decoded(fields), "unique_id": unique_id, "depends_on": _decoded(depends_on)}
        template = add_template(content, _section_type(section, content), rows, is_shadowed=is_shadowed)
        known = cache.put(key, template)
    digest = hashlib.sha256(b"\0".join(compilation)).digest()
    entry = known.entries.get(digest)
    if entry is None:
        if len(known.entries) > 1:  # only two recur: the entry without compiled code, and the last compiled one
            known.entries.clear()
        volatile = _decoded(dict(zip(_COMPILATION, compilation, strict=True)))
        entry = add_rendering(known.template, {**volatile, "depends_on": {"macros": volatile["macros"]}}, rows)
        known.entries[digest] = entry
    return entry


def _fields(raw: msgspec.Raw) -> Fields:
    """The fields of an object. A value of another type has none."""
    try:
        return json_text.decode(raw, Fields)
    except json_text.UnexpectedShape:
        return {}


def _decoded(fields: Fields) -> dict[str, Any]:
    values = json_text.decode(b"[" + b",".join(fields.values()) + b"]")
    return dict(zip(fields, values, strict=True))


def _disabled_entries(artifact: Artifact, rows: Rows, seen: set[str], unknown: Counter[str]) -> Iterator[Entry]:
    """The disabled entries: up to v3 a list, then lists by unique_id. An enabled entry may have the same id."""
    content = artifact.section("disabled") or []
    lists = content.values() if isinstance(content, dict) else [content]
    for items in lists:
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict):
                unknown.update(f"disabled.*.{name}" for name in item.keys() - KNOWN_FIELDS)
                unique_id = text(item.get("unique_id")) or ""
                yield add_entry(item, None, rows, is_enabled=False, is_shadowed=unique_id in seen)
                seen.add(unique_id)


def _slices(artifact: Artifact, section: str) -> Fields:
    try:
        return artifact.section(section, Fields) or {}
    except json_text.UnexpectedShape as error:
        raise MalformedArtifact(artifact.uri, f"section {section!r} is not an object of entries") from error


def _section_type(section: str, content: dict[str, Any]) -> str | None:
    """The resource type of a section's entry. dbt up to 0.15 wrote sources and docs into other sections."""
    return SECTION_TYPES.get(section) or text(content.get("resource_type"))


def _project_name(artifact: Artifact, packages: set[str | None]) -> str | None:
    """metadata.project_name, which dbt writes since 1.6; before, the package whose md5 is metadata.project_id."""
    if name := text(artifact.metadata.get("project_name")):
        return name
    project_id = artifact.metadata.get("project_id")
    named = (p for p in packages if p and hashlib.md5(p.encode()).hexdigest() == project_id)
    return next(named, None)
