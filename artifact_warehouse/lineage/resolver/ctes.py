"""Common table expressions: what a WITH clause names, and which of them a query can read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sqlglot import exp

from artifact_warehouse.lineage.resolver.sources import Source

if TYPE_CHECKING:
    from artifact_warehouse.lineage.resolver.scopes import Scope


class Cte:
    """A common table expression. It is resolved once, when something first reads it."""

    __slots__ = ("ctes", "expression", "is_recursive", "outer", "source")

    def __init__(self, expression: exp.CTE, outer: Scope | None, ctes: Ctes, is_recursive: bool) -> None:
        self.expression = expression
        self.outer = outer
        self.ctes = ctes
        self.is_recursive = is_recursive
        self.source: Source | None = None

    @property
    def is_value(self) -> bool:
        """Whether it names a value and no query: ClickHouse's WITH expression AS name."""
        return not isinstance(self.expression.this, (exp.Query, exp.Table, exp.From, exp.Pivot, exp.Values))


class Ctes:
    """The CTEs that a query can read, by lower-case name: those of its WITH clause, and those around it.

    A CTE can read those before it: `before` shares the dictionary, up to an `_end`, as copies would be slow.
    """

    __slots__ = ("_around", "_end", "_own")

    def __init__(self, around: Ctes | None = None) -> None:
        self._around = around
        self._own: dict[str, tuple[int, Cte]] = {}
        self._end = sys.maxsize

    def add(self, name: str, cte: Cte) -> None:
        """Add a CTE."""
        self._own[name] = (len(self._own), cte)

    def before(self) -> Ctes:
        """The CTEs that are added so far. It does not show later ones."""
        ctes = Ctes(self._around)
        ctes._own = self._own
        ctes._end = len(self._own)
        return ctes

    def get(self, name: str) -> Cte | None:
        """The innermost CTE of that name."""
        ctes: Ctes | None = self
        while ctes is not None:
            position, cte = ctes._own.get(name, (sys.maxsize, None))
            if position < ctes._end:
                return cte
            ctes = ctes._around
        return None
