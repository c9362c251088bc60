"""Flattens usual run_results by artifact-warehouse-core, a compiled package that need not be installed.

The flatteners of Python are the reference. The core takes a file only where it makes the same rows; Python takes all
other files: see core/README.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from artifact_warehouse.artifacts.artifact import Artifact, artifact_key, claimed_kind
from artifact_warehouse.artifacts.flatteners import Rows, Summary, flatten_summarised
from artifact_warehouse.artifacts.redaction import Redactor, hints
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.limits import Limits
from artifact_warehouse.schema import BY_NAME

SWITCH = "ARTIFACT_WAREHOUSE_CORE"
"""The environment variable that turns the core off: with the value `off`."""

_MAX_CLEAN_MESSAGES = 100_000


class Facts(NamedTuple):
    """What the core says of a file, beside the rows of its results."""

    metadata: bytes
    args: bytes | None
    elapsed_time: float | None
    summary: Summary
    suspicious: list[str]
    """The distinct messages with a hint of a secret."""


class Core:
    """Collects the rows of usual run_results. `make` creates the compiled collector."""

    def __init__(self, make: Callable[[list[str], list[tuple[str, str]]], Any], redactor: Redactor) -> None:
        self._redactor = redactor
        self._collector = make(*(hints() if redactor.is_on else ([], [])))
        self._clean_messages: set[str] = set()

    def flatten(self, data: bytes, uri: str, artifact_id: str, limits: Limits, rows: Rows) -> Artifact | None:
        """Add the rows of a run_results; None, and no rows, where Python must flatten the file."""
        if len(data) > limits.values or self._redactor.may_have_known_value(data):
            return None
        said = self._collector.add(data, artifact_key(artifact_id))
        if said is None:
            return None
        metadata, args, elapsed_time, *summary, suspicious = said
        facts = Facts(metadata, args, elapsed_time, Summary(*summary), suspicious)
        artifact = None
        try:
            artifact = self._flatten(facts, len(data), uri, artifact_id, limits, rows)
        finally:
            if artifact is None:
                self._collector.undo()
        return artifact

    def _flatten(
        self, facts: Facts, size_bytes: int, uri: str, artifact_id: str, limits: Limits, rows: Rows
    ) -> Artifact | None:
        """Add the rows of the artifact and of the invocation. None for a file that Python must flatten."""
        if facts.summary.result_count > limits.entries or not all(map(self._is_clean, facts.suspicious)):
            return None
        try:
            metadata = _decode_object(facts.metadata)
            sections = {"args": facts.args and _decode_object(facts.args), "elapsed_time": facts.elapsed_time}
            kind, version = claimed_kind(metadata)
            artifact = Artifact(
                uri=uri,
                artifact_id=artifact_id,
                kind="run_results",
                schema_version=version,
                metadata=metadata,
                sections={name: section for name, section in sections.items() if section is not None},
                size_bytes=size_bytes,
                max_entries=limits.entries,
            )
            if kind != "run_results" or self._redactor.redact(artifact) is not artifact:
                return None
            flatten_summarised(artifact, facts.summary, rows)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MalformedArtifact):
            return None
        return artifact

    def _is_clean(self, message: str) -> bool:
        """Whether a message with a hint of a secret has none."""
        if message in self._clean_messages:
            return True
        if self._redactor.hides_in(message):
            return False
        if len(self._clean_messages) >= _MAX_CLEAN_MESSAGES:
            self._clean_messages.clear()
        self._clean_messages.add(message)
        return True

    def deliver(self, rows: Rows) -> None:
        """Move the collected rows to `rows`."""
        for table, row_count, columns in self._collector.take():
            if row_count:
                rows.extend_with_arrow(table, _to_arrow(table, row_count, columns))


def find(redactor: Redactor) -> Core | None:
    """The core, where it is installed, knows the tables of this release, and the redactor's settings allow it."""
    if os.environ.get(SWITCH, "").lower() == "off" or not redactor.is_by_hints:
        return None
    try:
        from artifact_warehouse_core import Core as Collector
    except ImportError:
        return None
    known = {table: [(name, kind) for name, kind, *_ in columns] for table, _, columns in Collector([], []).take()}
    declared = {table: [(column.name, column.type) for column in BY_NAME[table].columns] for table in known}
    return Core(Collector, redactor) if known == declared else None


def _to_arrow(table: str, row_count: int, columns: list[tuple[Any, ...]]) -> pa.Table:
    """An Arrow table of the buffers of its columns."""
    schema = BY_NAME[table].arrow_schema
    arrays = [
        pa.Array.from_buffers(field.type, row_count, [_buffer(part) for part in _parts(*buffers)])
        for field, (_, _, *buffers) in zip(schema, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _parts(validity: bytes | None, offsets: bytes | None, data: bytes) -> tuple[bytes | None, ...]:
    """The buffers in Arrow's order. Only texts have offsets."""
    return (validity, data) if offsets is None else (validity, offsets, data)


def _decode_object(raw: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
    return decoded


def _buffer(part: bytes | None) -> pa.Buffer | None:
    return None if part is None else pa.py_buffer(part)
