"""Recursive CTEs: what reads itself is resolved once, with stand-ins for its own columns, which are filled in later.

To resolve it again and again until nothing new flows in would take as long as all recursions in each other multiplied.
"""

from __future__ import annotations

from artifact_warehouse.lineage.resolver.flows import NOTHING, Flow, Origin
from artifact_warehouse.lineage.resolver.frames import Frame
from artifact_warehouse.lineage.resolver.model import Relation

RECURSION_STEPS = 8
"""How often the columns of a recursive CTE are followed through it, at most."""


class Recursions:
    """The stand-ins of a query, and what they stand for, as soon as that is known."""

    def __init__(self) -> None:
        self._flows: dict[Origin, Flow] = {}
        self._count = 0

    def stand_in(self, frame: Frame) -> Frame:
        """A frame with the columns of a CTE's first part, to be read by the parts that read the CTE itself."""
        self._count += 1
        relation = Relation(f"recursion {self._count}", is_complete=False)
        result = Frame()
        for name in frame.names():
            flow = Flow({Origin(relation, name): 0})
            flow.fields = frame.columns_flow(name).fields
            result.put(frame.spelling(name), flow)
        if frame.is_open:
            result.unlisted = [frame]
        return result

    def fill_in(self, stand_ins: Frame, whole: Frame) -> Frame:
        """The frame of the whole CTE, now that all of its parts are resolved."""
        for name, flow in stand_ins.columns.items():
            for origin in flow:
                self._flows[origin] = whole.get(name) or NOTHING
        result = Frame()
        for name in whole.names():
            result.put(whole.spelling(name), self.settled(whole.columns_flow(name)))
        result.unlisted = whole.unlisted
        return result

    def settled(self, flow: Flow) -> Flow:
        """The flow with what its stand-ins stand for; with those that are not known yet, of a CTE around it."""
        if not self._flows or self._flows.keys().isdisjoint(flow):
            return flow
        result = Flow(flow)
        result.fields = flow.fields
        reached: dict[Origin, int] = flow
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
