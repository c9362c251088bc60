"""Turns files into batches of rows: reads, recognises, redacts and flattens, in steps of a bounded size.

Knows no database. Batches can be sent to another process: see `worker_pool`.
"""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

import pyarrow as pa

from artifact_warehouse.artifacts import (
    USUAL_SHAPE,
    EntryCache,
    Redaction,
    Redactor,
    Rows,
    TextIds,
    artifact_key,
    content_id,
    documents,
    find_core,
    flatten,
    guessed_kind,
    parse,
    quarantine,
)
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact, UnknownKind, is_interrupt
from artifact_warehouse.extract import File, Input, Labels, as_text, raw_bytes, read_all
from artifact_warehouse.limits import Limits
from artifact_warehouse.load.settings import LoadSettings
from artifact_warehouse.process import OutOfTime, processor_time

MAX_STORED_CONTENTS = 1_000_000
"""How many content ids are remembered. Forgetting them costs time only: the writer leaves out stored contents."""


_SECOND_BYTES = 1024 * 1024
"""The bytes that allow one more second. An artifact that is not hostile takes a tenth of it."""


class Outcome(NamedTuple):
    """The outcome of one artifact. `status`: loaded, unchanged, quarantined, unknown_kind or skipped."""

    uri: str
    artifact_id: str | None
    kind: str | None
    status: str
    reason: str | None = None
    etag: str | None = None
    """The ETag of an object that holds this artifact alone."""
    trace: str | None = None
    """The traceback of a bug, here or in a library, that this artifact triggers."""
    labels: Labels = Labels()
    """The labels that the artifact's source gives it."""


class FlattenedBatch(NamedTuple):
    """The outcomes of a step in the order of reading, and the rows of its new artifacts by table."""

    outcomes: list[Outcome]
    tables: dict[str, pa.Table]


class Policy(NamedTuple):
    """The limits of artifacts, and the settings of redaction."""

    limits: Limits = Limits()
    redaction: Redaction = Redaction()


class Flattener:
    """Turns files into batches. `known` has the artifact_keys of stored artifacts, which are not flattened again.

    Contents of earlier batches are left out of later ones, unless `remembers` is false.
    """

    def __init__(
        self,
        policy: Policy,
        known: Iterable[int] = (),
        remembers: bool = True,
        settings: LoadSettings = LoadSettings(),  # noqa: B008 (immutable)
    ) -> None:
        self._step_bytes = settings.step_bytes
        self._known = set(known)
        self._limits = policy.limits
        self._redactor = Redactor(policy.redaction)
        self._core = find_core(self._redactor)
        self._failed: dict[int, Outcome] = {}
        self._new_known: list[int] = []
        self._new_failed: list[int] = []
        self._remembers = remembers
        self._cache = EntryCache() if remembers else EntryCache(max_entries=0)
        self._text_ids = TextIds()
        self._stored: set[str] = set()

    def batches(self, parts: Sequence[Sequence[File]], stdin: bytes = b"") -> Iterator[Iterator[FlattenedBatch]]:
        """The batches of each part, a list of files. Callers take all batches of a part before those of the next one.

        Objects of a store are fetched ahead, those of later parts too.
        """
        with closing(read_all([*chain.from_iterable(parts)], stdin, self._limits)) as of_files:
            for part in parts:
                yield self.batches_of(chain.from_iterable(islice(of_files, len(part))))

    def batches_of(self, items: Iterator[Input]) -> Iterator[FlattenedBatch]:
        """The batches of some inputs: one or more. Members of one archive may be in several batches."""
        items = chain.from_iterable(map(self._parts, items))
        is_last = False
        while not is_last:
            taken: list[Input] = []
            batch = None
            try:
                batch, is_last = self._batch(items, taken)
            except Exception as error:  # a bug: `_alone` finds the input that triggers it
                self._forget_step(error)
            if batch:
                taken.clear()
                yield batch
            else:
                yield from map(self._alone, taken)

    def _parts(self, item: Input) -> Iterator[Input]:
        """The invocations in a file that may have several, like members of an archive; else the input as it is."""
        try:
            found = None if item.error else documents(item.data, item.uri, self._limits)
            if found is None:
                yield item
                return
            with processor_time(self._limits.processor_seconds + len(item.data) / _SECOND_BYTES):
                parts = [*found]
        except MalformedArtifact as error:
            yield replace(item, error=error.reason)
        except OutOfTime as error:
            yield replace(item, error=_fault(error))
        else:
            for name, document in parts:
                yield replace(item, uri=f"{item.uri}!/{name}", data=document, is_named=True, etag=None)

    def _batch(self, items: Iterator[Input], taken: list[Input]) -> tuple[FlattenedBatch, bool]:
        """The next batch, and whether it is the last one. Adds the items that it takes to `taken`."""
        self._new_known, self._new_failed = [], []
        rows = Rows(self._stored, self._text_ids)
        with _gc_paused():
            outcomes, is_last = self._step(items, taken, rows)
            if self._core:
                self._core.deliver(rows)
            tables = rows.to_arrow()
        if len(self._stored) > MAX_STORED_CONTENTS:
            self._stored.clear()
        if self._remembers:
            self._stored |= rows.new_ids
        return FlattenedBatch(outcomes, tables), is_last

    def _alone(self, item: Input) -> FlattenedBatch:
        """One input as a batch. It is quarantined where it cannot be flattened."""
        try:
            return self._batch(iter([item]), [])[0]
        except Exception as error:
            self._forget_step(error)
            rows = Rows()
            trace = "".join(traceback.format_exception(error))
            outcome = self._quarantined(item, content_id(item.data), _fault(error), rows)._replace(trace=trace)
            return FlattenedBatch([outcome], rows.to_arrow())

    def _forget_step(self, error: Exception) -> None:
        """Forget what a failed step noted as known: its rows are lost. Raises the error again if it is an interrupt."""
        if is_interrupt(error):
            raise error
        self._known.difference_update(self._new_known)
        for key in self._new_failed:
            self._failed.pop(key, None)
        self._stored.clear()
        self._text_ids = TextIds()
        self._core = find_core(self._redactor)
        self._cache = EntryCache() if self._remembers else EntryCache(max_entries=0)

    def _step(self, items: Iterator[Input], taken: list[Input], rows: Rows) -> tuple[list[Outcome], bool]:
        """Flatten about `step_bytes` of the items. Returns the outcomes, and whether these were the last items."""
        outcomes: list[Outcome] = []
        size_bytes = 0
        for item in items:
            taken.append(item)
            with processor_time(self._limits.processor_seconds + len(item.data) / _SECOND_BYTES):
                outcomes.append(self._take(item, rows)._replace(etag=item.etag, labels=item.labels))
            size_bytes += len(item.data)
            if size_bytes >= self._step_bytes:
                return outcomes, False
        return outcomes, True

    def _take(self, item: Input, rows: Rows) -> Outcome:
        if item.artifact_id:
            return Outcome(item.uri, item.artifact_id, None, "unchanged")
        if item.error and not item.data:
            return self._flatten(item, "", rows)
        artifact_id = content_id(item.data)
        key = artifact_key(artifact_id)
        if key in self._known:
            return Outcome(item.uri, artifact_id, None, "unchanged")
        if failed := self._failed.get(key):  # a file of another name may have the same content
            if item.is_named or guessed_kind(item.beginning or item.data, item.uri):
                return failed._replace(uri=item.uri)
            return Outcome(item.uri, artifact_id, None, "skipped", failed.reason)
        outcome = self._flatten(item, artifact_id, rows)
        if outcome.status == "loaded":
            self._known.add(key)
            self._new_known.append(key)
        elif outcome.status in ("quarantined", "unknown_kind"):
            self._failed[key] = outcome
            self._new_failed.append(key)
        return outcome

    def _flatten(self, item: Input, artifact_id: str, rows: Rows) -> Outcome:
        """Parse, redact and flatten one input into `rows`, or quarantine or skip it."""
        try:
            if item.error:
                raise MalformedArtifact(item.uri, item.error)
            artifact = self._core and self._core.flatten(item.data, item.uri, artifact_id, self._limits, rows)
            if not artifact:
                artifact = parse(item.data, item.uri, artifact_id, USUAL_SHAPE, self._limits)
                flatten(self._redactor.redact(artifact), rows, self._cache)
        except UnknownKind as error:
            quarantine(artifact_id, error.kind, len(item.data), error.reason, rows)
            return Outcome(item.uri, artifact_id, error.kind, "unknown_kind", error.reason)
        except NotAnArtifact as error:
            return Outcome(item.uri, artifact_id or None, None, "skipped", error.reason)
        except MalformedArtifact as error:
            if not (item.is_named or guessed_kind(item.beginning or item.data, item.uri)):
                return Outcome(item.uri, artifact_id or None, None, "skipped", error.reason)
            return self._quarantined(item, artifact_id, error.reason, rows)
        return Outcome(item.uri, artifact_id, artifact.kind, "loaded")

    def _quarantined(self, item: Input, artifact_id: str, reason: str, rows: Rows) -> Outcome:
        kind = guessed_kind(item.beginning or item.data, item.uri)
        if artifact_id:
            quarantine(artifact_id, kind, len(item.data), reason, rows)
        return Outcome(item.uri, artifact_id or None, kind, "quarantined", reason, trace=item.trace)


def quarantined_file(file: File, reason: str, limits: Limits) -> FlattenedBatch:
    """The batch of a file that ended the worker process that read it. The file is quarantined without unpacking."""
    rows, data = Rows(), raw_bytes(file, limits)
    artifact_id = content_id(data) if data else ""
    kind = guessed_kind(data[:4096], file.place)
    if artifact_id:
        quarantine(artifact_id, kind, len(data), reason, rows)
    outcome = Outcome(as_text(file.place), artifact_id or None, kind, "quarantined", reason)
    return FlattenedBatch([outcome], rows.to_arrow())


def _fault(error: Exception) -> str:
    """The reason for quarantining an artifact that triggers a bug of this package."""
    if isinstance(error, MemoryError):
        return "needs more memory than this machine has free"
    if isinstance(error, OutOfTime):
        return "takes more processor time than an artifact of its size may take"
    return (
        f"a fault of artifact-warehouse: {type(error).__name__}: {error}; please report it, with the trace in the log"
    )


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Pauses the garbage collector. Building many small objects is three times as fast without it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
