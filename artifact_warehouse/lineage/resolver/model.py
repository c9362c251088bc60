"""The input and the output of a resolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class Relation:
    """A relation that a query reads and does not define: a node of the project, or a relation outside of it.

    `columns` maps the lower-case name of each column to its spelling, in the relation's order; it is empty where
    nothing is known of them. `is_complete` says whether these are all. `types` has the data types of columns with
    fields of their own (STRUCT and the like), by lower-case name.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = True
    types: Mapping[str, str] = field(default_factory=dict)


FindRelation = Callable[[tuple[str, ...]], Relation]
"""Finds the relation that a query names: the parts of the name as written, the database first."""


class Edge(NamedTuple):
    """Data flows from a column of a relation to a column of the query."""

    from_relation: str
    from_column: str
    to_column: str
    kind: str
    """passthrough, rename, cast, field, transform, aggregation, window or condition."""
    confidence: float
    """1.0 where every name was looked up among known columns; see `provenance.confidence`."""
    method: str = "sql"
    """How the edge was found: `sql`, or `name` where the code cannot be parsed."""


class Use(NamedTuple):
    """A column of a relation shapes the query's rows without flowing into its columns."""

    from_relation: str
    from_column: str
    kind: str
    """join, filter, group or sort."""
    confidence: float


@dataclass(frozen=True)
class Resolution:
    """The result of resolving a query."""

    columns: tuple[str, ...]
    """The names of the query's columns, as far as they are known: the wanted ones, then what else it selects."""
    edges: tuple[Edge, ...]
    uses: tuple[Use, ...]
    missing_columns: tuple[str, ...] = ()
    """The wanted columns that were not found in the query."""
    unresolved_columns: tuple[str, ...] = ()
    """The missing columns, and the columns that come from a name that no relation has."""
    unresolved_names: tuple[str, ...] = ()
    """Names in the query that belong to none of the relations it reads."""
    unknown_sources: tuple[str, ...] = ()
    """Items in FROM that the resolver does not know."""
    relations: tuple[str, ...] = ()
    """The names of the relations that it reads, also in CTEs that nothing reads."""
    is_open: bool = False
    """Whether the query may have more columns: it selects `*` from a relation of unknown columns."""
    repair: str | None = None
    """How the text was repaired so that it could be parsed; None if it was not."""


class UnreadableSql(Exception):
    """A text that cannot be parsed or resolved as a query; says why, and in which line where that is known."""
