"""The pipeline of a load: find the files, flatten them in batches, write the batches in a few short transactions.

The warehouse is open only while it is read or written. A small load keeps it open while artifacts are parsed, too.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.artifacts import artifact_key
from artifact_warehouse.drawing import document, folded, listing, sentence
from artifact_warehouse.errors import (
    ArtifactWarehouseError,
    LoadInterrupted,
    QuarantinedArtifacts,
    SourceError,
    is_interrupt,
)
from artifact_warehouse.extract import (
    ARCHIVES,
    File,
    Labels,
    Source,
    Stored,
    as_text,
    expand,
    has_suffix,
    labels_of,
    read_stdin,
)
from artifact_warehouse.load.batches import FlattenedBatch, Flattener, Outcome, Policy
from artifact_warehouse.load.settings import LoadSettings
from artifact_warehouse.load.worker_pool import Workers
from artifact_warehouse.schema import ARTIFACT_URIS
from artifact_warehouse.storage import (
    FileState,
    WarehouseFile,
    file_state,
    known_artifacts,
    known_objects,
    stored_uris,
    write,
)

_Connection = AbstractContextManager[duckdb.DuckDBPyConnection]

Progress = Callable[[int, int], None]
"""Called with the number of finished files and the number of all files; of a source, of runs."""

_FETCHED_OUTCOMES = 200
"""The number of fetched artifacts in a transaction: what a killed fetch must request again."""

_SHOWN = 5
"""How many quarantined artifacts the text of a LoadReport names."""

_NOT_STORED = ("quarantined", "unknown_kind", "skipped")
_STATUSES = ("loaded", "unchanged", *_NOT_STORED)


@dataclass(frozen=True, repr=False)
class LoadReport:
    """The outcome of every input of a load, in the order of reading."""

    outcomes: tuple[Outcome, ...]
    columns: Any = None
    """The ColumnsReport of resolving columns after the load; None where that was not requested."""

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
    def unknown(self) -> tuple[Outcome, ...]:
        """Artifacts of kinds that this release does not read. A release that reads them will load them."""
        return self._of("unknown_kind")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """Files that are not artifacts of dbt."""
        return self._of("skipped")

    def to_arrow(self) -> pa.Table:
        """The outcomes as a table of texts: uri, artifact_id, kind, status, reason."""
        names = ("uri", "artifact_id", "kind", "status", "reason")
        return pa.table({name: pa.array([getattr(o, name) for o in self.outcomes], pa.string()) for name in names})

    def _of(self, status: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    def __str__(self) -> str:
        counts = (len(self.loaded), len(self.unchanged), len(self.quarantined))
        return "loaded {}, unchanged {}, quarantined {}".format(*counts)

    def __repr__(self) -> str:
        """The counts, and why the first artifacts were quarantined."""
        shown = [f"quarantined {o.uri}: {o.reason}" for o in self.quarantined[:_SHOWN]]
        more = [f"and {len(self.quarantined) - _SHOWN} more"] if len(self.quarantined) > _SHOWN else []
        return "\n  ".join([f"LoadReport: {self}", *shown, *more])

    def _repr_html_(self) -> str:
        """What a notebook shows: the counts by kind, and each input that was not stored, with the reason."""
        counts = Counter((outcome.kind or "", outcome.status) for outcome in self.outcomes)
        kinds = sorted({kind for kind, _ in counts})
        statuses = [status for status in _STATUSES if any(outcome.status == status for outcome in self.outcomes)]
        table = listing(
            ("kind", *(f">{status.replace('_', ' ')}" for status in statuses)),
            ((kind, *(counts[kind, status] or None for status in statuses)) for kind in kinds),
        )
        others = [outcome for outcome in self.outcomes if outcome.status in _NOT_STORED]
        reasons = listing(
            ("status", "input", "reason"), ((o.status.replace("_", " "), o.uri, o.reason) for o in others)
        )
        return document(sentence(str(self)), table, *([folded(f"{len(others)} not stored", reasons)] if others else ()))


def load(
    warehouse: WarehouseFile,
    inputs: Sequence[str],
    labels: Labels,
    policy: Policy,
    settings: LoadSettings,
    strict: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load artifacts into a warehouse, which is created when missing.

    Raises InputNotFound before anything is written, and with `strict` QuarantinedArtifacts too; the errors of
    `WarehouseFile`; and LoadInterrupted.
    """
    files = expand(inputs)
    loader, older = _Loader(warehouse, labels, settings), sys.exc_info()[1]
    try:
        if warehouse.exists() and any(file.etag for file in files):
            files = _without_known_objects(files, warehouse)
        stdin = read_stdin(files, policy.limits)
        if strict:
            _raise_if_quarantined(files, stdin, policy)
        _run(loader, files, stdin, policy, settings, progress or (lambda done, total: None))
    except BaseException as error:
        if not is_interrupt(error, older):
            raise
        raise loader.interrupted(files) from None
    return LoadReport(tuple(loader.outcomes))


def load_source(
    warehouse: WarehouseFile,
    source: Source,
    policy: Policy,
    settings: LoadSettings,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the artifacts of a source that the warehouse does not have. It is created when missing.

    What came before an error of the source is stored. Raises SourceError, the errors of `WarehouseFile`, and
    LoadInterrupted.
    """
    settings = settings._replace(batch_outcomes=min(settings.batch_outcomes, _FETCHED_OUTCOMES))
    loader, older = _Loader(warehouse, Labels(), settings), sys.exc_info()[1]
    try:
        with warehouse.writing() as connection:
            rows = stored_uris(connection, source.root)
            stored = {uri: Stored(artifact_id, invocation_id) for uri, artifact_id, invocation_id in rows}
        flattener = Flattener(policy, loader.begin(), settings=settings)
        try:
            for inputs in source.runs(stored, policy.limits, progress or (lambda done, total: None)):
                for batch in flattener.batches_of(iter(inputs)):
                    loader.take(batch)
        except SourceError:
            loader.flush()
            raise
        loader.flush()
    except BaseException as error:
        if not is_interrupt(error, older):
            raise
        raise loader.interrupted([File(outcome.uri) for outcome in loader.outcomes]) from None
    return LoadReport(tuple(loader.outcomes))


def _run(
    loader: _Loader, files: list[File], stdin: bytes, policy: Policy, settings: LoadSettings, report: Progress
) -> None:
    """Flatten the files part by part, and have the loader take the batches."""
    warehouse, parts = loader.warehouse, _parts(files, settings.part_bytes)
    report(0, len(files))
    session = loader.session() if _are_small(files, settings.open_bytes) else nullcontext()
    with _workers(len(parts), stdin, settings) as workers, session:
        known = loader.begin() if warehouse.exists() else set()
        batches = _batches(parts, stdin, known, policy, settings, workers)
        if not warehouse.exists():
            loader.begin()  # meanwhile the workers flatten
        for part, of_part in zip(parts, batches, strict=True):
            for batch in of_part:
                loader.take(batch)
            loader.done_count += len(part)
            report(loader.done_count, len(files))
        loader.flush()


def _without_known_objects(files: list[File], warehouse: WarehouseFile) -> list[File]:
    """The files. An object that the warehouse has already gets its artifact_id, so it is not read."""
    objects = pa.table({"uri": [f.place for f in files], "etag": pa.array([f.etag for f in files], pa.string())})
    with warehouse.writing() as connection:
        known = known_objects(connection, objects)
    return [
        file._replace(artifact_id=known[file.place], size_bytes=0)
        if file.place in known and not has_suffix(file.place, ARCHIVES)
        else file
        for file in files
    ]


def _raise_if_quarantined(files: list[File], stdin: bytes, policy: Policy) -> None:
    """Read all files without storing anything. Raises QuarantinedArtifacts if any cannot be read."""
    parts = Flattener(policy, remembers=False).batches([files], stdin)
    outcomes = (outcome for batches in parts for batch in batches for outcome in batch.outcomes)
    failures = [(outcome.uri, outcome.reason or "") for outcome in outcomes if outcome.status == "quarantined"]
    if failures:
        raise QuarantinedArtifacts(tuple(failures))


def _parts(files: list[File], part_bytes: int) -> list[list[File]]:
    """The files in their order, cut into parts of about `part_bytes`."""
    parts: list[list[File]] = [[]]
    size = 0
    for file in files:
        if size >= part_bytes:
            parts.append([])
            size = 0
        parts[-1].append(file)
        size += file.size_bytes
    return parts


def _are_small(files: list[File], size_bytes: int) -> bool:
    """Whether all files are plain local JSON, of fewer bytes together. Only of these the unpacked size is known."""
    are_plain = all(file.place.endswith(".json") and file.etag is None for file in files)
    return are_plain and sum(file.size_bytes for file in files) < size_bytes


def _workers(part_count: int, stdin: bytes, settings: LoadSettings) -> AbstractContextManager[Workers | None]:
    """The worker processes, as many as have work. None for a small load, and for stdin, which only this process has."""
    count = min(settings.worker_count(), part_count)
    return Workers(count) if part_count >= settings.min_parts and count > 1 and not stdin else nullcontext()


def _batches(
    parts: list[list[File]],
    stdin: bytes,
    known: Collection[int],
    policy: Policy,
    settings: LoadSettings,
    workers: Workers | None,
) -> Iterator[Iterator[FlattenedBatch]]:
    """The batches of each part."""
    if workers:
        return workers.batches(parts, known, policy, settings)
    return Flattener(policy, known, sum(map(len, parts)) > 1, settings).batches(parts, stdin)


class _Loader:
    """Collects batches, and writes them when they are large enough for a transaction."""

    def __init__(self, warehouse: WarehouseFile, labels: Labels, settings: LoadSettings) -> None:
        self.outcomes: list[Outcome] = []
        self.warehouse = warehouse
        self.done_count = 0
        """How many files, from the first one, are complete."""
        self.stored: set[int] = set()
        """The artifact_keys of the artifacts in the warehouse, with those that this load has written."""
        self._being_written: set[int] = set()
        self._labels = labels
        self._settings = settings
        self.state = FileState()
        """The state of the file after the last write of this load."""
        self._connection: duckdb.DuckDBPyConnection | None = None
        """The connection of a session."""
        self._taken: set[str] = set()
        self._pending: list[FlattenedBatch] = []
        self._pending_bytes = self._pending_outcomes = 0

    @contextmanager
    def session(self) -> Iterator[None]:
        """Keeps the warehouse open during the block. Without a session, each step opens it."""
        with self.warehouse.writing() as connection:
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None

    def _opened(self, connection: _Connection) -> _Connection:
        """The connection of the session; without a session, the given one, which is open for a step only."""
        return nullcontext(self._connection) if self._connection else connection

    def begin(self) -> set[int]:
        """Create or migrate the warehouse where needed. Returns the artifact_keys that are not to be loaded again."""
        with self._opened(self.warehouse.writing()) as connection:
            self.state = file_state(connection)._replace(last_prune=None)
            self.stored = known_artifacts(connection)
        return self.stored.copy()

    def take(self, batch: FlattenedBatch) -> None:
        batch = self._without_repeated(batch)
        self.outcomes += batch.outcomes
        self._pending.append(batch)
        self._pending_bytes += sum(table.nbytes for table in batch.tables.values())
        self._pending_outcomes += len(batch.outcomes)
        if self._pending_bytes >= self._settings.batch_bytes or self._pending_outcomes >= self._settings.batch_outcomes:
            self.flush()

    def _without_repeated(self, batch: FlattenedBatch) -> FlattenedBatch:
        """Leave out artifacts that another worker process has flattened too, from a copy in another folder."""
        read = [o for o in batch.outcomes if o.artifact_id and o.status in ("loaded", "quarantined")]
        repeated = {o.artifact_id for o in read if o.artifact_id in self._taken}
        self._taken.update(o.artifact_id for o in read if o.artifact_id)
        if not repeated:
            return batch
        import pyarrow.compute as pc  # takes long, and small loads do without it

        keys = pa.array([artifact_key(artifact_id) for artifact_id in repeated if artifact_id], pa.int64())
        outcomes = [
            o._replace(kind=None, status="unchanged") if o.artifact_id in repeated and o.status == "loaded" else o
            for o in batch.outcomes
        ]
        tables = {
            name: table.filter(pc.invert(pc.is_in(table["artifact_key"], keys)))
            if "artifact_key" in table.column_names
            else table
            for name, table in batch.tables.items()
        }
        return FlattenedBatch(outcomes, tables)

    def flush(self) -> None:
        """Write the batches that are pending, in one transaction."""
        pending, self._pending = self._pending, []
        self._pending_bytes = self._pending_outcomes = 0
        uris = artifact_uris((outcome for batch in pending for outcome in batch.outcomes), self._labels)
        if uris.num_rows:
            self._being_written = set(uris["artifact_key"].to_pylist())
            with self._opened(self.warehouse.open(must_exist=True)) as connection:
                tables = [batch.tables for batch in pending]
                self.state = write(connection, tables, uris, self.state)
            self.stored |= self._being_written
            self._being_written = set()

    def interrupted(self, files: Sequence[File]) -> LoadInterrupted:
        """The error with the part of the load that is stored. A file is kept when all its artifacts are stored."""
        if self._being_written:  # the commit may have succeeded before the interrupt
            with suppress(ArtifactWarehouseError), self.warehouse.open(must_exist=True) as connection:
                self.stored |= self._being_written & known_artifacts(connection, with_quarantined=True)
        places = {file.place for file in files}
        kept: list[Outcome] = []
        kept_files, other_files = set(), set()
        for outcome in self.outcomes:
            place = _file_of(outcome.uri, places)
            if outcome.artifact_id and outcome.status != "skipped" and artifact_key(outcome.artifact_id) in self.stored:
                kept.append(outcome)
                kept_files.add(place)
            elif outcome.status != "skipped":
                other_files.add(place)
        if self.outcomes and (last := self.outcomes[-1].uri) not in places:  # an archive: more members may follow
            other_files |= {_file_of(last, places)} - {file.place for file in files[: self.done_count]}
        return LoadInterrupted(LoadReport(tuple(kept)), len(kept_files - other_files), len(files))


def artifact_uris(outcomes: Iterable[Outcome], given: Labels) -> pa.Table:
    """The rows of stored.artifact_uris: the uri of each artifact, and its labels there. Given labels come first."""
    seen = [o for o in outcomes if o.artifact_id and o.status != "skipped"]
    keys = [artifact_key(o.artifact_id) for o in seen if o.artifact_id]
    own = Labels(*(label and as_text(label) for label in given))
    labels = [own.with_fallback(o.labels).with_fallback(labels_of(o.uri)) for o in seen]
    by_kind = zip(*labels, strict=True) if labels else ((),) * len(Labels._fields)
    return ARTIFACT_URIS.to_arrow([keys, [o.uri for o in seen], *by_kind, [o.etag for o in seen]])


def _file_of(uri: str, places: Collection[str]) -> str:
    """The file of a uri: the uri itself, or the archive that it is a member of."""
    while uri not in places and "!/" in uri:
        uri = uri.rpartition("!/")[0]
    return uri
