"""Recognises an artifact: its kind, its version and its sections.

The content decides, never the file's name. Sections stay undecoded JSON until `flatten` decodes them. `parse` may be
given a shape: a Struct into which a usual document is decoded in one pass. Nothing is validated against dbt's
JSON Schemas, because they reject files that dbt writes (https://schemas.getdbt.com).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from artifact_warehouse.artifacts import information_schema, json_text, lineage_parquet, telemetry
from artifact_warehouse.artifacts.information_schema import FRESHNESS_SCHEMA, INFORMATION_SCHEMA
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact, UnknownKind
from artifact_warehouse.limits import Limits

Sections = dict[str, Any]
"""Each top-level key with its undecoded JSON (a msgspec.Raw), or decoded by a shape."""

RUN_SCHEMA = "run/v1"
"""`metadata.artifact_warehouse_schema` of a `run`: what the scheduler that started dbt knows of one invocation.

dbt writes no such file. A source of artifacts makes it: see `artifact_warehouse.sources`.
"""

_OWN_SCHEMAS = {
    RUN_SCHEMA: "run",
    telemetry.TELEMETRY_SCHEMA: "telemetry",
    INFORMATION_SCHEMA: "information_schema",
    FRESHNESS_SCHEMA: "information_schema_freshness",
}
"""The kinds of documents that dbt writes in another form, or not at all."""

KINDS = (
    *("manifest", "run_results", "catalog", "sources", "freshness", "semantic_manifest"),
    *_OWN_SCHEMAS.values(),
)

_PARQUET = b"PAR1"

_SCHEMA_URL = re.compile(r"/dbt/(?P<kind>[a-z-]+)/v(?P<version>[0-9]{1,9})(\.json|/[a-z_-]+\.json)?$")
"""dbt writes `dbt/manifest/v11.json`; some tools write `dbt/manifest/v11/manifest.json`."""
_MENTIONS_DBT = re.compile(rb"schemas\.getdbt\.com/dbt/")
_KIND_IN_NAME = re.compile(r"(?<![a-z])(?:manifest|run_results|catalog|sources|freshness|column_lineage|otel)(?![a-z])")


class Shape(msgspec.Struct):
    """A Struct with the sections of one kind of artifact. A document with other fields does not fit it."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Artifact:
    """One recognised artifact. `sections` maps each top-level key to its undecoded JSON, or to what a shape decoded."""

    uri: str
    artifact_id: str
    kind: str
    schema_version: int | None
    metadata: dict[str, Any]
    sections: Sections
    size_bytes: int
    max_entries: int
    redaction_count: int = 0
    """How many secrets were hidden in it."""

    @property
    def artifact_key(self) -> int:
        return artifact_key(self.artifact_id)

    def section(self, name: str, as_type: Any = Any) -> Any:
        """One section, decoded; None when it is missing or null. Raises MalformedArtifact."""
        content = self._decoded(name, as_type)
        if isinstance(content, list | dict) and len(content) > self.max_entries:
            reason = f"section {name!r} has {len(content):,} entries; if you trust the file, raise --max-entries"
            raise MalformedArtifact(self.uri, reason)
        return content

    def _decoded(self, name: str, as_type: Any) -> Any:
        raw = self.sections.get(name)
        if not isinstance(raw, msgspec.Raw):
            return raw
        try:
            return json_text.decode(raw, as_type)
        except json_text.UnexpectedShape:
            if bytes(raw) == b"null":
                return None
            raise
        except ValueError as error:
            raise MalformedArtifact(self.uri, f"section {name!r} {error}") from error

    def unread_sections(self, read: set[str]) -> dict[str, Any]:
        """The sections not in `read`, decoded. Empty sections are left out."""
        names = sorted(self.sections.keys() - read)
        return {name: content for name in names if (content := self.section(name)) not in (None, {}, [], "")}


def content_id(data: bytes) -> str:
    """The artifact_id of a content: its sha256, in hex."""
    return hashlib.sha256(data).hexdigest()


def artifact_key(artifact_id: str) -> int:
    """The first 64 bits of an artifact_id, as the signed integer that the tables refer to."""
    return int.from_bytes(bytes.fromhex(artifact_id[:16]), "big", signed=True)


def documents(data: bytes, uri: str, limits: Limits = Limits()) -> Iterator[tuple[str, bytes]] | None:  # noqa: B008
    """The invocations in a file that may have several, telemetry or the information schema; None for another file.

    Each is a part of the file, named by its invocation_id, and a document that `parse` takes. Raises MalformedArtifact.
    """
    if telemetry.is_telemetry(data):
        return telemetry.documents(data, uri, limits)
    with suppress(ValueError):
        if data.startswith(_PARQUET) and telemetry.is_parquet_telemetry(data):
            return telemetry.parquet_documents(data, uri, limits)
        if data.startswith(_PARQUET) and information_schema.table_of(data):
            return information_schema.documents(data, uri, limits)
    return None


def parse(
    data: bytes,
    uri: str,
    artifact_id: str | None = None,
    shape: type[Shape] | None = None,
    limits: Limits = Limits(),  # noqa: B008 (immutable)
) -> Artifact:
    """Recognise an artifact. `shape` is tried first.

    Raises NotAnArtifact for valid JSON that is not an artifact of dbt, UnknownKind for an artifact of a kind that this
    release does not read, and MalformedArtifact for a file that is not valid JSON or exceeds the limits.
    """
    if data.startswith(_PARQUET):
        return _column_lineage(data, uri, artifact_id, limits)
    if len(data) > limits.values and data.count(b",") >= limits.values:
        reason = f"holds more than {limits.values:,} values; if you trust it, raise --max-values"
        raise MalformedArtifact(uri, reason)
    try:
        sections = _in_shape(data, shape) or json_text.decode(data, dict[str, msgspec.Raw])
        metadata = _object(sections.get("metadata"))
        kind, version = _recognise(sections, metadata)
    except json_text.UnexpectedShape as error:
        raise NotAnArtifact(uri, "is JSON, but not an object, so not a dbt artifact") from error
    except ValueError as error:
        raise MalformedArtifact(uri, str(error)) from error
    if kind and kind not in KINDS:
        raise UnknownKind(uri, kind)
    if kind is None:
        raise NotAnArtifact(uri, "is none of the artifacts that this release reads")
    return Artifact(
        uri=uri,
        artifact_id=artifact_id or content_id(data),
        kind=kind,
        schema_version=version,
        metadata=metadata,
        sections=sections,
        size_bytes=len(data),
        max_entries=limits.entries,
    )


def _column_lineage(data: bytes, uri: str, artifact_id: str | None, limits: Limits) -> Artifact:
    """The column lineage of dbt 2.0. It is a Parquet file; all other artifacts are JSON."""
    edges = lineage_parquet.read(data, uri, limits)
    return Artifact(
        uri=uri,
        artifact_id=artifact_id or content_id(data),
        kind="column_lineage",
        schema_version=1,
        metadata={},
        sections={"edges": edges},
        size_bytes=len(data),
        max_entries=limits.entries,
    )


def guessed_kind(data: bytes, uri: str) -> str | None:
    """The kind of a broken file, from its name; `unknown` where its beginning names a schema of dbt's; else None."""
    name = uri.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if match := _KIND_IN_NAME.search(name):
        found = "semantic_manifest" if "semantic_manifest" in name else match.group()
        return "telemetry" if found == "otel" else found
    if data.startswith(_PARQUET):
        return "column_lineage"
    return "unknown" if _MENTIONS_DBT.search(data[:4096]) else None


def _in_shape(data: bytes, shape: type[Shape] | None) -> Sections | None:
    """The sections, decoded by the shape; None where the document does not fit it or is of another kind."""
    if shape is None:
        return None
    try:
        sections = msgspec.structs.asdict(msgspec.json.decode(data, type=shape))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if claimed_kind(_object(sections.get("metadata")))[0] != shape.kind:
        return None
    return {name: content for name, content in sections.items() if content is not None}


def _recognise(sections: Sections, metadata: dict[str, Any]) -> tuple[str | None, int | None]:
    kind, version = claimed_kind(metadata)
    if kind:
        return kind, version
    if {"semantic_models", "metrics", "project_configuration"} <= sections.keys():
        return "semantic_manifest", None
    return _recognise_v0(sections), 0


def claimed_kind(metadata: dict[str, Any]) -> tuple[str | None, int | None]:
    """The kind and the version in the metadata's schema URL. The kind may be unknown to this release."""
    own = metadata.get("artifact_warehouse_schema")
    if isinstance(own, str) and own in _OWN_SCHEMAS:
        return _OWN_SCHEMAS[own], 1
    url = metadata.get("dbt_schema_version")
    match = _SCHEMA_URL.search(url) if isinstance(url, str) else None
    return (match["kind"].replace("-", "_"), int(match["version"])) if match else (None, None)


def _recognise_v0(sections: Sections) -> str | None:
    """The kind of an artifact of dbt up to 0.18, from its keys. Those artifacts have no schema URL."""
    keys = sections.keys()
    if "nodes" in keys and {"macros", "parent_map", "child_map"} & keys:
        return "manifest"
    if {"meta", "sources"} <= keys and "max_loaded_at" in _some_keys(sections["sources"]):
        return "sources"
    if "results" in keys and {"elapsed_time", "generated_at"} & keys:
        result = _some_keys(sections["results"])
        if "max_loaded_at" in result:
            return "sources"
        return "run_results" if "node" in result or (not result and "elapsed_time" in keys) else None
    if "nodes" in keys and {"metadata", "columns"} <= _some_keys(sections["nodes"]):
        return "catalog"
    return None


def _some_keys(raw: msgspec.Raw) -> set[str]:
    """The keys of the first object in a list, or among the values of an object."""
    try:
        items = json_text.decode(raw, list[msgspec.Raw])
    except json_text.UnexpectedShape:
        try:
            items = list(json_text.decode(raw, dict[str, msgspec.Raw]).values())
        except json_text.UnexpectedShape:
            return set()
    return set(_object(items[0])) if items else set()


def _object(section: Any) -> dict[str, Any]:
    value = json_text.decode(section) if isinstance(section, msgspec.Raw) else section
    return value if isinstance(value, dict) else {}
