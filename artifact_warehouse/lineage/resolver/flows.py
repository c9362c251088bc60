"""How the values of one column flow into another: what happens on the way is a set of flags."""

from __future__ import annotations

from functools import cache

from artifact_warehouse.lineage.resolver.model import Relation

CAST = 1
"""Only its type is changed."""
EXPRESSION = 2
"""It is part of an expression."""
AGGREGATE = 4
"""It is aggregated."""
WINDOW = 8
"""It is part of a window function."""
CONDITION = 16
"""It only decides which value is taken: of a CASE, a FILTER, a window's partition or order."""
FIELD = 32
"""A part of it is taken: of a struct, a list, a JSON value."""
GUESSED = 64
"""Which relation it belongs to is a guess: several have unknown columns."""
UNKNOWN_COLUMNS = 128
"""Nothing is known of its relation's columns."""
UNLISTED = 256
"""Its relation's columns are known, and it is not among them."""


class Origin:
    """A column outside of the query. There is one object for each within a resolution: compared by identity."""

    __slots__ = ("column", "relation")

    def __init__(self, relation: Relation, column: str) -> None:
        self.relation = relation
        self.column = column


class Flow(dict[Origin, int]):
    """Where the values of a column come from, with the flags of each way; `fields` are those of a struct value.

    A flow may be shared by many columns that pass it through: only who has made it changes it.
    """

    __slots__ = ("fields",)

    def __init__(self, *args: dict[Origin, int]) -> None:
        super().__init__(*args)
        self.fields: object | None = None

    def add(self, other: dict[Origin, int], flags: int = 0) -> None:
        """Take in another flow, on whose way these flags come. A condition is only what is nothing else as well."""
        for origin, theirs in other.items():
            new = theirs | flags
            old = self.get(origin)
            self[origin] = new if old is None or old == new else ((old | new) & ~CONDITION) | (old & new & CONDITION)

    def through(self, flags: int) -> Flow:
        """The same flow, with these flags on its way."""
        flow = Flow()
        flow.add(self, flags)
        return flow


UNRESOLVED = Origin(Relation(""), "")
"""Where the values of a name come from that no relation has: whatever they flow into is not resolved."""

NOTHING = Flow()
"""The flow of what comes from no column: literals, count(*), now()."""


_KINDS = (
    (CONDITION, "condition"),
    (WINDOW, "window"),
    (AGGREGATE, "aggregation"),
    (EXPRESSION, "transform"),
    (FIELD, "field"),
    (CAST, "cast"),
)


def kind(flags: int, from_column: str, to_column: str) -> str:
    """The kind of an edge with these flags, in the words of the contract."""
    if flags and (word := _kind(flags)) is not None:
        return word
    is_same = from_column == to_column or from_column.lower() == to_column.lower()
    return "passthrough" if is_same else "rename"


@cache
def _kind(flags: int) -> str | None:
    return next((word for flag, word in _KINDS if flags & flag), None)


@cache
def confidence(flags: int) -> float:
    """How sure an edge is: 1.0 where its column was looked up among known ones.

    0.8 where its relation's columns are unknown, 0.7 where they are known and it is not among them, 0.5 where its
    relation is a guess. What is matched by name alone, without reading the query, has 0.3.
    """
    if flags & GUESSED:
        return 0.5
    if flags & UNLISTED:
        return 0.7
    return 0.8 if flags & UNKNOWN_COLUMNS else 1.0
