"""Finds the inputs of every manifest's column lineage, as of the end of the period in which it was current.

The inputs get an id. Computing it reads a row per manifest and catalog, and no nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import NamedTuple

import duckdb
import pyarrow as pa

from artifact_warehouse.storage import query


class Inputs(NamedTuple):
    """The inputs of a manifest's lineage. Where two sets have the same node, the later one counts."""

    adapter_type: str | None
    graph_id: str | None
    rendering_set_id: str | None
    rendering_set_ids: tuple[str, ...]
    """All renderings up to the end of the period. Code that the manifest itself lacks may be in an earlier one."""
    catalog_set_ids: tuple[str, ...]


class Period(NamedTuple):
    """A manifest, the id of its inputs, and the inputs where the id is new."""

    artifact_key: int
    timeline_id: str
    inputs: Inputs | None


class _Entry(NamedTuple):
    project_name: str | None
    environment: str
    moment: int
    manifest_key: int | None
    adapter_type: str | None
    graph_id: str | None
    rendering_set_id: str | None
    catalog_set_id: str | None


def periods(
    connection: duckdb.DuckDBPyConnection, versions: str, known: Mapping[int, str] | None = None
) -> Iterator[Period]:
    """Every manifest that was ever current in its project and environment, in the order of time.

    `known` maps artifact_keys to the timeline_ids that are stored. A period has its inputs only where its own id is
    another one; without `known`, none has.
    """
    rows = map(_Entry._make, connection.execute(query("manifest_timeline")).fetchall())
    for _, entries in groupby(rows, key=lambda entry: (entry.project_name, entry.environment)):
        yield from _periods(entries, versions, known)


def unresolved(connection: duckdb.DuckDBPyConnection, versions: str, limit: int) -> list[Period]:
    """The first manifests whose lineage is not stored, or was computed from other inputs."""
    waiting = (period for period in periods(connection, versions, _known(connection)) if period.inputs)
    return list(islice(waiting, limit))


def new_inputs(connection: duckdb.DuckDBPyConnection, unresolved: Iterable[Period]) -> dict[str, Inputs]:
    """The inputs without a stored set of lineages, by their ids."""
    sql = "SELECT inputs_id FROM stored.column_lineage_sets"
    known = {inputs_id for (inputs_id,) in connection.execute(sql).fetchall()}
    return {p.timeline_id: p.inputs for p in unresolved if p.inputs and p.timeline_id not in known}


def resolved_manifests(connection: duckdb.DuckDBPyConnection, versions: str) -> list[int]:
    """The manifests whose stored lineage was computed from their present inputs."""
    known = _known(connection)
    return [p.artifact_key for p in periods(connection, versions) if known.get(p.artifact_key) == p.timeline_id]


def _known(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    sql = "SELECT artifact_key, timeline_id FROM stored.manifest_column_lineages"
    return dict(connection.execute(sql).fetchall())


def keep_resolved(connection: duckdb.DuckDBPyConnection, versions: str, artifact_keys: Iterable[int]) -> None:
    """Mark the lineage of these manifests as up to date, although some of their inputs are pruned."""
    wanted = set(artifact_keys)
    kept = [period for period in periods(connection, versions) if period.artifact_key in wanted]
    keys, ids = (pa.array([period[i] for period in kept], (pa.int64(), pa.string())[i]) for i in (0, 1))
    connection.register("kept", pa.table({"artifact_key": keys, "timeline_id": ids}))
    connection.execute(query("keep_timelines"))
    connection.unregister("kept")


def _periods(entries: Iterable[_Entry], versions: str, known: Mapping[int, str] | None) -> Iterator[Period]:
    """The periods of one project and environment. An artifact of the moment that ends a period belongs to the next."""
    current: _Entry | None = None
    renderings, catalogs = _LastSeen(), _LastSeen()
    for _, group in groupby(entries, key=lambda entry: entry.moment):
        together = list(group)
        beginning = next((entry for entry in together if entry.manifest_key is not None), None)
        if beginning:
            if current:
                yield _period(current, versions, renderings, catalogs, known)
            current = beginning
        for entry in together:
            if entry.rendering_set_id:
                renderings.append(entry.rendering_set_id)
            if entry.catalog_set_id:
                catalogs.append(entry.catalog_set_id)
    if current:
        yield _period(current, versions, renderings, catalogs, known)


def _period(
    manifest: _Entry, versions: str, renderings: _LastSeen, catalogs: _LastSeen, known: Mapping[int, str] | None
) -> Period:
    assert manifest.manifest_key is not None
    own = (versions, manifest.adapter_type, manifest.graph_id, manifest.rendering_set_id)
    timeline_id = _hash(*map(str, own), str(renderings.digest), str(catalogs.digest)).hex()
    inputs = None
    if known is not None and known.get(manifest.manifest_key) != timeline_id:
        ids = (manifest.adapter_type, manifest.graph_id, manifest.rendering_set_id)
        inputs = Inputs(*ids, renderings.ids(), catalogs.ids())
    return Period(manifest.manifest_key, timeline_id, inputs)


class _LastSeen:
    """Distinct ids in the order of their last occurrence, and a digest of this order.

    The digest is a sum over all pairs of neighbours. Moving an id to the end changes four of them, however many ids
    there are.
    """

    def __init__(self) -> None:
        self.digest = 0
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}
        self._last = ""

    def append(self, set_id: str) -> None:
        if set_id == self._last:
            return
        if set_id in self._before:
            before, after = self._before.pop(set_id), self._after.pop(set_id)
            self._count(before, set_id, -1)
            self._count(set_id, after, -1)
            self._link(before, after)
        self._link(self._last, set_id)
        self._last = set_id

    def ids(self) -> tuple[str, ...]:
        """The ids, ordered by their last occurrence."""
        found, here = [], self._last
        while here:
            found.append(here)
            here = self._before[here]
        return tuple(reversed(found))

    def _link(self, before: str, after: str) -> None:
        self._before[after], self._after[before] = before, after
        self._count(before, after, 1)

    def _count(self, before: str, after: str, times: int) -> None:
        self.digest = (self.digest + times * int.from_bytes(_hash(before, after), "big")) % (1 << 128)


def _hash(*texts: str) -> bytes:
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=16).digest()
