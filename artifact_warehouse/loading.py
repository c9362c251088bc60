"""The pipeline of a load: discover, parse and flatten a batch, then write it in one short transaction.

The warehouse is open only while something is read from or written to it, never while input is parsed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from artifact_warehouse import discover, store
from artifact_warehouse.artifact import artifact_key, content_id, looks_like_one, parse
from artifact_warehouse.discover import Input, Labels
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact, QuarantinedArtifacts
from artifact_warehouse.flatten import EntryCache, Rows, flatten, quarantine

BATCH_BYTES = 64 * 1024 * 1024
"""How much JSON goes into one transaction; what a load holds in memory is a small multiple of it."""

Progress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""


class Outcome(NamedTuple):
    """What became of one artifact. `status`: loaded, unchanged, quarantined or skipped."""

    uri: str
    artifact_id: str | None
    kind: str | None
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class LoadReport:
    """What became of every input of a load, in the order of reading."""

    outcomes: tuple[Outcome, ...]

    @property
    def loaded(self) -> tuple[Outcome, ...]:
        """Artifacts that this load stored."""
        return self._of("loaded")

    @property
    def unchanged(self) -> tuple[Outcome, ...]:
        """Artifacts that the warehouse had already."""
        return self._of("unchanged")

    @property
    def quarantined(self) -> tuple[Outcome, ...]:
        """Artifacts that could not be read; each says why."""
        return self._of("quarantined")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """Files that are no artifacts of dbt's."""
        return self._of("skipped")

    def _of(self, status: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    def __str__(self) -> str:
        counts = (len(self.loaded), len(self.unchanged), len(self.quarantined))
        return "loaded {}, unchanged {}, quarantined {}".format(*counts)


@dataclass
class _Batch:
    """What is gathered for one transaction."""

    rows: Rows
    outcomes: list[Outcome] = field(default_factory=list)
    digested: dict[str, Outcome] = field(default_factory=dict)
    size_bytes: int = 0


def load(
    path: Path,
    inputs: Sequence[str],
    labels: Labels,
    strict: bool = False,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> LoadReport:
    """Load artifacts into the warehouse at `path`, which is created when missing.

    Raises InputNotFound before anything is touched; with `strict`, QuarantinedArtifacts likewise; and the
    errors of `store.connect`.
    """
    files = discover.expand(inputs)
    stdin = discover.read_stdin(files)
    if strict:
        _insist(files, stdin)
    with store.opened(path, wait=wait) as connection:
        store.migrate(connection)
        known = store.known_artifacts(connection)
    loader = _Loader(path, labels, known, wait)
    report = progress or (lambda done, total: None)
    for done, (file, is_named) in enumerate(files):
        report(done, len(files))
        for item in discover.read(file, is_named, stdin):
            loader.take(item)
    loader.flush()
    report(len(files), len(files))
    return LoadReport(tuple(loader.outcomes))


def _insist(files: list[tuple[str, bool]], stdin: bytes) -> None:
    """Read everything once without storing it; raises QuarantinedArtifacts when anything is broken."""
    failures = []
    for file, is_named in files:
        for item in discover.read(file, is_named, stdin):
            outcome = _digest(item, Rows(), EntryCache(0))
            if outcome.status == "quarantined":
                failures.append((item.uri, outcome.reason or ""))
    if failures:
        raise QuarantinedArtifacts(tuple(failures))


class _Loader:
    """Takes inputs one by one, and writes whenever enough are together."""

    def __init__(self, path: Path, labels: Labels, known: store.KnownArtifacts, wait: float) -> None:
        self.outcomes: list[Outcome] = []
        self._path = path
        self._labels = labels
        self._known = known
        self._wait = wait
        self._cache = EntryCache()
        self._stored_contents: set[str] = set()
        self._batch = _Batch(Rows(self._stored_contents))

    def take(self, item: Input) -> None:
        batch = self._batch
        artifact_id = content_id(item.data) if item.data or not item.error else None
        if artifact_id in self._known.loaded_ids:
            outcome = Outcome(item.uri, artifact_id, None, "unchanged")
        elif artifact_id in batch.digested:
            outcome = _repeated(batch.digested[artifact_id], item.uri)
        else:
            with _without_garbage_collection():
                outcome = _digest(item, batch.rows, self._cache, artifact_id)
            batch.size_bytes += len(item.data)
            if artifact_id:
                batch.digested[artifact_id] = outcome
        batch.outcomes.append(outcome)
        if outcome.status != "skipped" and artifact_id:
            self._see(item, artifact_id, is_quarantined=outcome.status == "quarantined")
        if batch.size_bytes >= BATCH_BYTES:
            self.flush()

    def _see(self, item: Input, artifact_id: str, is_quarantined: bool) -> None:
        """Note where the artifact lies and how it is labelled there, unless that is known.

        It is noted again where something else was quarantined, which it now replaces.
        """
        place = (artifact_key(artifact_id), item.uri)
        known = self._known.sightings.get(place)
        labels = self._labels.over(item.labels).over(Labels(*known or ()))
        replaces = not is_quarantined and item.uri in self._known.quarantined_uris
        if labels != known or replaces:
            self._known.sightings[place] = labels
            self._known.quarantined_uris.discard(item.uri)
            self._batch.rows.by_table["artifact_uris"].append((*place, *labels))

    def flush(self) -> None:
        """Write the batch; only when that has succeeded do its artifacts count as known."""
        batch, self._batch = self._batch, _Batch(Rows(self._stored_contents))
        tables = batch.rows.to_arrow()
        if tables:
            with store.opened(self._path, wait=self._wait) as connection:
                store.write(connection, tables)
        self._known.loaded_ids.update(i for i, outcome in batch.digested.items() if outcome.status == "loaded")
        self._stored_contents.update(batch.rows.new_ids)
        self.outcomes += batch.outcomes


def _repeated(first: Outcome, uri: str) -> Outcome:
    """What became of a content that this batch has met already, at another place."""
    return first._replace(uri=uri, status="unchanged" if first.status == "loaded" else first.status)


def _digest(item: Input, rows: Rows, cache: EntryCache, artifact_id: str | None = None) -> Outcome:
    """Parse and flatten one input into `rows`, or quarantine or skip it."""
    artifact_id = artifact_id or content_id(item.data)
    try:
        if item.error:
            raise MalformedArtifact(item.uri, item.error)
        artifact = parse(item.data, item.uri, artifact_id)
        flatten(artifact, rows, cache)
    except NotAnArtifact as error:
        return Outcome(item.uri, artifact_id, None, "skipped", error.reason)
    except MalformedArtifact as error:
        kind = looks_like_one(item.data, item.uri)
        if not (kind or item.is_named):
            return Outcome(item.uri, artifact_id, None, "skipped", error.reason)
        if item.data or not item.error:
            quarantine(artifact_id, kind, len(item.data), error.reason, rows)
        return Outcome(item.uri, artifact_id, kind, "quarantined", error.reason)
    return Outcome(item.uri, artifact_id, artifact.kind, "loaded")


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Building many small objects is three times as fast when nobody counts them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
