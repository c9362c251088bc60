"""Recursive CTEs: each is resolved once, over stand-ins for its own columns, which are replaced later.

Resolving each again until nothing changes would multiply the times of nested recursions.
"""

from __future__ import annotations

from artifact_warehouse.lineage.resolver.model import Relation
from artifact_warehouse.lineage.resolver.provenance import NOTHING, Origin, Provenance
from artifact_warehouse.lineage.resolver.sources import Source

RECURSION_STEPS = 8
"""The limit of rounds in which the columns of a recursive CTE are followed through it."""


class Recursions:
    """The stand-ins of a query, and their columns once these are resolved."""

    def __init__(self) -> None:
        self._flows: dict[Origin, Provenance] = {}
        self._count = 0

    def stand_in(self, source: Source) -> Source:
        """A source with the columns of a CTE's first part, to be read by the parts that read the CTE itself."""
        self._count += 1
        relation = Relation(f"recursion {self._count}", is_complete=False)
        result = Source()
        for name in source.names():
            provenance = Provenance({Origin(relation, name): 0})
            provenance.fields = source.columns_provenance(name).fields
            result.put(source.spelling(name), provenance)
        if source.is_open:
            result.unlisted = [source]
        return result

    def fill_in(self, stand_ins: Source, whole: Source) -> Source:
        """The source of the whole CTE, now that all of its parts are resolved."""
        for name, provenance in stand_ins.columns.items():
            for origin in provenance:
                self._flows[origin] = whole.get(name) or NOTHING
        result = Source()
        for name in whole.names():
            result.put(whole.spelling(name), self.settled(whole.columns_provenance(name)))
        result.unlisted = whole.unlisted
        return result

    def settled(self, provenance: Provenance) -> Provenance:
        """The provenance with the origins of its stand-ins. Those of an outer CTE, not resolved yet, stay in it."""
        if not self._flows or self._flows.keys().isdisjoint(provenance):
            return provenance
        result = Provenance(provenance)
        result.fields = provenance.fields
        reached: dict[Origin, int] = provenance
        for _ in range(RECURSION_STEPS):
            new: dict[Origin, int] = {}
            for stand_in, ways in reached.items():
                for origin, flags in self._flows.get(stand_in, NOTHING).items():
                    old = result.get(origin)
                    result.add({origin: flags}, ways)
                    if result[origin] != old:
                        new[origin] = result[origin]
            reached = new
        for origin in [origin for origin in result if origin in self._flows]:
            del result[origin]
        return result
