"""Resolves the column lineage of all manifests that have none yet, and writes it in a few short transactions.

The warehouse is open only while it is read or written, never while code is resolved.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from artifact_warehouse.errors import PrunedMeanwhile
from artifact_warehouse.lineage import manifest_inputs
from artifact_warehouse.lineage.manifest_inputs import Inputs, Period
from artifact_warehouse.lineage.resolver import resolver_version
from artifact_warehouse.schema import (
    COLUMN_EDGES,
    COLUMN_LINEAGE_SETS,
    COLUMN_LINEAGES,
    COLUMN_USES,
    MANIFEST_COLUMN_LINEAGES,
    SET_MEMBERS,
    hash_text,
)
from artifact_warehouse.storage import (
    FileState,
    WarehouseFile,
    add_generation,
    check_state,
    file_state,
    insert,
    registered,
    transaction,
)

if TYPE_CHECKING:
    import duckdb

    from artifact_warehouse.lineage.column_inputs import Codes, KnownLineages, Reader
    from artifact_warehouse.lineage.resolver import KnownLineage, NodeLineage, Project
    from artifact_warehouse.schema import Table

BATCH_EDGES = 100_000
"""How many edges a transaction writes. They fill row groups, and an interrupt loses no more than these."""

_STATUSES = ("resolved", "partial", "failed", "not_compiled", "not_sql")
_FORGET = "DELETE FROM stored.manifest_column_lineages WHERE artifact_key IN (SELECT artifact_key FROM batch)"
_PART_NODES = 100
"""After so many nodes, garbage is collected and an interrupt is handled."""

_ATTEMPTS = 3
_STEP_MANIFESTS = 500
"""How many manifests are read at once. Each comes with the ids of all earlier sets."""

Progress = Callable[[int, int], None]
"""Called with the number of resolved nodes and the number of all nodes known so far."""


class NodeOutcome(NamedTuple):
    """The outcome of resolving one node."""

    unique_id: str
    status: str
    column_count: int
    resolved_count: int
    unresolved_columns: tuple[str, ...]
    error: str | None


@dataclass(frozen=True)
class ColumnsReport:
    """The outcomes of a run. A node whose code or parents changed over time has an outcome for each change."""

    outcomes: tuple[NodeOutcome, ...]
    unchanged_count: int
    """How many lineages were stored before."""

    def counts(self) -> dict[str, int]:
        """The number of outcomes by status."""
        found = Counter(outcome.status for outcome in self.outcomes)
        return {status: found[status] for status in _STATUSES}

    def to_arrow(self) -> pa.Table:
        """The outcomes as a table."""
        columns = list(zip(*self.outcomes, strict=True)) or [()] * len(NodeOutcome._fields)
        types = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.list_(pa.string()), pa.string())
        arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
        return pa.Table.from_arrays(arrays, names=list(NodeOutcome._fields))

    def __str__(self) -> str:
        counts = self.counts().items()
        parts = [f"{status.replace('_', ' ').replace('sql', 'SQL')} {count:,}" for status, count in counts]
        return f"{', '.join(parts)}; unchanged {self.unchanged_count:,}"


def resolve(warehouse: WarehouseFile, progress: Progress | None = None) -> ColumnsReport:
    """Resolve the columns of every manifest that was ever current and is not resolved yet.

    Raises WarehouseNotFound, the errors of `WarehouseFile`, and PrunedMeanwhile where prunes interrupt every attempt.
    """
    warehouse.require()
    outcomes: dict[str, NodeOutcome] = {}
    failure_count = 0
    while True:
        earlier_count = len(outcomes)
        step = _Step(warehouse, outcomes, progress or (lambda done, total: None))
        try:
            unchanged_count = max(step.run() - earlier_count, 0)
        except PrunedMeanwhile:  # rows that were read or written may be gone: begin again
            failure_count += 1
            if failure_count == _ATTEMPTS:
                raise
        else:
            if step.is_last:
                return ColumnsReport(tuple(outcomes.values()), unchanged_count)


class _Work(NamedTuple):
    """The nodes of one manifest to resolve, and their texts."""

    inputs_id: str
    project: Project
    codes: Codes


class _Step:
    """One step of a run: resolves the next _STEP_MANIFESTS manifests."""

    def __init__(self, warehouse: WarehouseFile, outcomes: dict[str, NodeOutcome], progress: Progress) -> None:
        self._warehouse = warehouse
        self._outcomes = outcomes
        self._report = progress
        self._versions = resolver_version()
        self.is_last = True
        self._state = FileState()
        self._known: KnownLineages
        self._reader: Reader
        self._waiting: list[tuple[str, Inputs]] = []
        self._sets: dict[str, list[str]] = {}
        """The lineage_ids of every resolved manifest, by its inputs_id."""
        self._done_count = 0
        self._pending: list[NodeLineage] = []
        self._pending_edges = 0

    def run(self) -> int:
        """Resolve and write. Returns how many lineages were stored before."""
        work = None
        with self._warehouse.writing() as connection:
            self._state = file_state(connection)
            [(lineage_count,)] = connection.execute("SELECT count(*) FROM stored.column_lineages").fetchall()
            todo = manifest_inputs.unresolved(connection, self._versions, _STEP_MANIFESTS)
            self.is_last = len(todo) < _STEP_MANIFESTS
            self._waiting = list(reversed(manifest_inputs.new_inputs(connection, todo).items()))
            if self._waiting:
                self._start(connection)
                work = self._next(connection)
        while work:
            self._sets[work.inputs_id] = self._resolve(work)
            work = None
            if self._waiting:
                with self._warehouse.open(must_exist=True) as connection:
                    work = self._next(connection)
        if todo:
            self._flush(_finished(todo, self._sets))
        return int(lineage_count)

    def _start(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Import the resolver and read the known lineages. Called only if there is work, as the import is slow."""
        from artifact_warehouse.lineage.column_inputs import KnownLineages, Reader

        self._known, self._reader = KnownLineages(connection), Reader()

    def _next(self, connection: duckdb.DuckDBPyConnection) -> _Work | None:
        """The next manifest with code to resolve. Manifests before it have no such code, and are finished here."""
        from artifact_warehouse.lineage.column_inputs import Codes
        from artifact_warehouse.lineage.resolver import Project

        while self._waiting:
            inputs_id, inputs = self._waiting.pop()
            nodes = self._reader.nodes(connection, inputs)
            project = Project(nodes, inputs.adapter_type, self._versions, self._known)
            code_ids, columns_ids = project.needed()
            self._reader.read_columns(connection, columns_ids)
            work = _Work(inputs_id, project, Codes(connection, code_ids))
            if code_ids:
                return work
            self._sets[inputs_id] = self._resolve(work)
        return None

    def _resolve(self, work: _Work) -> list[str]:
        """The lineage_ids of one manifest's nodes."""
        from artifact_warehouse.lineage.resolver import NodeLineage, with_deep_stack

        lineage_ids: list[str] = []
        lineages = work.project.lineages(work.codes, self._reader.columns)
        total = self._done_count + work.project.lineage_count * (len(self._waiting) + 1)
        with _gc_on_request() as collect:
            while part := with_deep_stack(lambda: _part(lineages)):
                new = [lineage for lineage in part if isinstance(lineage, NodeLineage)]
                for lineage in new:
                    self._known.add(lineage)
                    self._take(lineage)
                lineage_ids += [lineage.lineage_id for lineage in part]
                if new:
                    collect()
                self._report(self._done_count + len(lineage_ids), total)
        self._done_count += len(lineage_ids)
        return lineage_ids

    def _take(self, lineage: NodeLineage) -> None:
        self._pending.append(lineage)
        self._pending_edges += len(lineage.edges) + len(lineage.uses)
        if self._pending_edges >= BATCH_EDGES:
            self._flush()

    def _flush(self, more: Mapping[Table, pa.Table] | None = None) -> None:
        """Write the pending rows, then the tables of `more`, in one transaction."""
        pending, self._pending, self._pending_edges = self._pending, [], 0
        with self._warehouse.open(must_exist=True) as connection, transaction(connection):
            state = check_state(connection, self._state)
            for table, rows in (_lineages(pending, self._versions) | dict(more or {})).items():
                if table is MANIFEST_COLUMN_LINEAGES:
                    with registered(connection, rows):
                        connection.execute(_FORGET)  # older rows of these manifests are replaced
                insert(connection, table, rows)
            state = state._replace(generation=add_generation(connection))
        self._state = state
        names = NodeOutcome._fields
        self._outcomes.update({p.lineage_id: NodeOutcome(*(getattr(p, name) for name in names)) for p in pending})


def _lineages(lineages: list[NodeLineage], versions: str) -> dict[Table, pa.Table]:
    names = [column.name for column in COLUMN_LINEAGES.columns if column.name != "resolver"]
    columns = [[getattr(lineage, name) for lineage in lineages] for name in names]
    edges = [(lineage.lineage_id, *edge) for lineage in lineages for edge in lineage.edges]
    uses = [(lineage.lineage_id, *use) for lineage in lineages for use in lineage.uses]
    return {
        COLUMN_LINEAGES: COLUMN_LINEAGES.to_arrow([*columns, [versions] * len(lineages)]),
        COLUMN_EDGES: _table(COLUMN_EDGES, edges),
        COLUMN_USES: _table(COLUMN_USES, uses),
    }


def _finished(periods: list[Period], sets: dict[str, list[str]]) -> dict[Table, pa.Table]:
    """The rows that link manifests to their sets of lineages. Sets that are not in `sets` are stored already."""
    set_ids = {inputs_id: _set_id(lineage_ids) for inputs_id, lineage_ids in sets.items()}
    members = {set_ids[inputs_id]: lineage_ids for inputs_id, lineage_ids in sets.items()}
    return {
        SET_MEMBERS: _table(SET_MEMBERS, [(set_id, member) for set_id, ids in members.items() for member in ids]),
        COLUMN_LINEAGE_SETS: _table(COLUMN_LINEAGE_SETS, list(set_ids.items())),
        MANIFEST_COLUMN_LINEAGES: _table(
            MANIFEST_COLUMN_LINEAGES, [(p.artifact_key, p.timeline_id, p.timeline_id) for p in periods]
        ),
    }


def _part(lineages: Iterator[NodeLineage | KnownLineage]) -> list[NodeLineage | KnownLineage]:
    """The next _PART_NODES lineages. Between parts this process handles interrupts."""
    from artifact_warehouse.lineage.resolver import NodeLineage

    part, new_count = [], 0
    for lineage in lineages:
        part.append(lineage)
        new_count += isinstance(lineage, NodeLineage)
        if new_count == _PART_NODES:
            break
    return part


def _set_id(lineage_ids: Iterable[str]) -> str:
    return hash_text(f"lineages:{','.join(sorted(lineage_ids))}")


def _table(table: Table, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return table.to_arrow(list(zip(*rows, strict=True)) or [()] * len(table.columns))


@contextmanager
def _gc_on_request() -> Iterator[Callable[[], None]]:
    """Collects garbage only when the caller asks, and only among objects that the block creates.

    Syntax trees are many small objects that refer to each other. They would start the collector all the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield _collect
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def _collect() -> None:
    gc.collect()
    gc.freeze()
