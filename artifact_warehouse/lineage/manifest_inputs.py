"""What the column lineage of every manifest follows from, as it stood at the end of the manifest's period.

A name for each manifest's inputs, which costs a row for each manifest and catalog, and no look at a node.
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
    """What the lineage of a manifest follows from. Of what two sets tell, the later one counts."""

    adapter_type: str | None
    graph_id: str | None
    rendering_set_id: str | None
    rendering_set_ids: tuple[str, ...]
    """All renderings up to the end of the period: what is not compiled in the manifest's own may be in one of these."""
    catalog_set_ids: tuple[str, ...]


class Period(NamedTuple):
    """A manifest, the id of its inputs, and these where they are not known yet."""

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
    """Every manifest that was once the current one of its project and environment, in the order of time.

    `known` maps manifests to the ids that are known of them: their inputs are left out. Without it, all are.
    """
    rows = map(_Entry._make, connection.execute(query("manifest_timeline")).fetchall())
    for _, entries in groupby(rows, key=lambda entry: (entry.project_name, entry.environment)):
        yield from _periods(entries, versions, known)


def unresolved(connection: duckdb.DuckDBPyConnection, versions: str, limit: int) -> list[Period]:
    """The first manifests whose lineage is not stored, or is that of other inputs."""
    waiting = (period for period in periods(connection, versions, _known(connection)) if period.inputs)
    return list(islice(waiting, limit))


def new_inputs(connection: duckdb.DuckDBPyConnection, unresolved: Iterable[Period]) -> dict[str, Inputs]:
    """The inputs from which nothing was resolved yet, by their ids."""
    sql = "SELECT inputs_id FROM stored.column_lineage_sets"
    known = {inputs_id for (inputs_id,) in connection.execute(sql).fetchall()}
    return {p.timeline_id: p.inputs for p in unresolved if p.inputs and p.timeline_id not in known}


def resolved_manifests(connection: duckdb.DuckDBPyConnection, versions: str) -> list[int]:
    """The manifests whose stored lineage is that of their inputs."""
    known = _known(connection)
    return [p.artifact_key for p in periods(connection, versions) if known.get(p.artifact_key) == p.timeline_id]


def _known(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    sql = "SELECT artifact_key, timeline_id FROM stored.manifest_column_lineages"
    return dict(connection.execute(sql).fetchall())


def keep_resolved(connection: duckdb.DuckDBPyConnection, versions: str, artifact_keys: Iterable[int]) -> None:
    """Have the lineage of these manifests count as that of their inputs, though some of these are pruned."""
    wanted = set(artifact_keys)
    kept = [period for period in periods(connection, versions) if period.artifact_key in wanted]
    keys, ids = (pa.array([period[i] for period in kept], (pa.int64(), pa.string())[i]) for i in (0, 1))
    connection.register("kept", pa.table({"artifact_key": keys, "timeline_id": ids}))
    connection.execute(query("keep_timelines"))
    connection.unregister("kept")


def _periods(entries: Iterable[_Entry], versions: str, known: Mapping[int, str] | None) -> Iterator[Period]:
    """Those of one project and environment. What came at the very moment at which a period ends belongs to the next."""
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
    """Distinct ids in the order in which each was seen last, and a digest of that.

    The digest is a sum over all pairs of neighbours, which tell the order: seeing an id again changes a few of them,
    however many ids there are.
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
        """The ids, the one that was seen last at the end."""
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
