"""Provenance: the columns that a value comes from. Flags say what happens to each of them on the way."""

from __future__ import annotations

from functools import cache

from artifact_warehouse.lineage.resolver.model import Relation

CAST = 1
"""The column is cast, and not changed otherwise."""
EXPRESSION = 2
"""The column is part of an expression."""
AGGREGATE = 4
"""The column is aggregated."""
WINDOW = 8
"""The column is part of a window function."""
CONDITION = 16
"""The column only decides which value is taken: in a CASE, a FILTER, the partition or order of a window, an EXISTS."""
FIELD = 32
"""A part of the column is taken: of a struct, a list, a JSON value."""
GUESSED = 64
"""The relation of the column is a guess: several relations have unknown columns."""
UNKNOWN_COLUMNS = 128
"""The columns of its relation are unknown."""
UNLISTED = 256
"""The columns of its relation are known, and the column is not among them."""


class Origin:
    """A column of a relation outside of the query. A resolution has one object for each, so identity compares them."""

    __slots__ = ("column", "relation")

    def __init__(self, relation: Relation, column: str) -> None:
        self.relation = relation
        self.column = column


class Provenance(dict[Origin, int]):
    """The origins of a value, each with its flags.

    A provenance may be shared by many columns that pass it through: only its creator changes it.
    """

    fields: object | None = None  # a class attribute, because an __init__ would double the time to make a provenance
    """The source that has the fields of a struct."""

    def add(self, other: dict[Origin, int], flags: int = 0) -> None:
        """Add another provenance, with these flags. An origin of both keeps CONDITION only if both have it."""
        for origin, theirs in other.items():
            new = theirs | flags
            old = self.get(origin)
            self[origin] = new if old is None or old == new else ((old | new) & ~CONDITION) | (old & new & CONDITION)

    def through(self, flags: int) -> Provenance:
        """The same origins, with these flags added."""
        provenance = Provenance()
        provenance.add(self, flags)
        return provenance


UNRESOLVED = Origin(Relation(""), "")
"""The origin of a name that no relation has. A column with this origin is unresolved."""

NOTHING = Provenance()
"""The provenance of values without a column: literals, count(*), now()."""


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
    """How certain an edge is: 1.0 where its column was looked up among known ones.

    0.8 where its relation's columns are unknown, 0.7 where they are known and it is not among them, 0.5 where its
    relation is a guess. What is matched by name alone, without reading the query, has 0.3.
    """
    if flags & GUESSED:
        return 0.5
    if flags & UNLISTED:
        return 0.7
    return 0.8 if flags & UNKNOWN_COLUMNS else 1.0
