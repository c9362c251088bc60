"""The state of one resolution: its dialect, the relations outside of the query, and the uses found so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import aggregates_of
from artifact_warehouse.lineage.resolver.dialects import Dialect
from artifact_warehouse.lineage.resolver.model import FindRelation, Relation, UnreadableSql
from artifact_warehouse.lineage.resolver.provenance import Provenance
from artifact_warehouse.lineage.resolver.recursion import Recursions
from artifact_warehouse.lineage.resolver.sources import RelationSource, Source

if TYPE_CHECKING:
    from artifact_warehouse.lineage.resolver.ctes import Cte, Ctes
    from artifact_warehouse.lineage.resolver.scopes import Scope

CPU_SECONDS = 20.0
"""The CPU time that one query may take. It is the time of the thread, so a busy machine does not shorten it."""


Uses = dict[str, Provenance]
"""The columns that shape the rows of a query, by the kind of their use."""


class Resolver:
    """The state of one resolution, which all of its scopes share."""

    def __init__(
        self,
        dialect: Dialect,
        find_relation: FindRelation,
        ephemerals: Mapping[str, Relation],
        has_columns: bool = True,
    ) -> None:
        self.dialect = dialect
        self.has_columns = has_columns and dialect.name in ("clickhouse", "duckdb")
        """Whether there may be a COLUMNS(…)."""
        self.aggregates = aggregates_of(dialect.name)
        self.ephemerals = ephemerals
        self.uses: Uses = {}
        self.is_noting_uses = False
        """Whether an expression is resolved for its uses alone, and not for a value."""
        self.unresolved: dict[str, None] = {}
        self.unknown_sources: dict[str, None] = {}
        """The texts of items in FROM that the resolver does not know."""
        self.chosen_name: str | None = None
        """The column that COLUMNS(…) stands for while a select item is repeated."""
        self.recursions = Recursions()
        self.ctes: list[Cte] = []
        self.query: Callable[[exp.Expr, Scope | None, Ctes], Source]
        """Resolves a query within a scope; see `queries`."""
        self.cte: Callable[[Cte], Source]
        """Resolves a CTE, once."""
        self.with_ctes: Callable[[exp.Expr, Scope | None, Ctes], Ctes]
        """The CTEs that a query can read: its own, and those around it."""
        self.value_of: Callable[[exp.Expr, Scope], Provenance]
        """The provenance of an expression; see `expressions`."""
        self.collect_arguments: Callable[..., None]
        """Adds the columns in the arguments of an expression to a provenance."""
        self._find_relation = find_relation
        self._sources: dict[str, RelationSource] = {}
        self._uses_of_ctes: Uses = {}
        self._step_count = 0
        self._deadline = time.thread_time() + CPU_SECONDS

    def relation(self, parts: tuple[str, ...]) -> RelationSource:
        """The source of the relation that the query names. A relation has one source."""
        return self.source_of(self._find_relation(parts))

    def source_of(self, relation: Relation) -> RelationSource:
        """The one source of a relation."""
        source = self._sources.get(relation.name)
        if source is None:
            source = RelationSource(relation, lists_fields=self.dialect.name == "bigquery")
            self._sources[relation.name] = source
        return source

    def relation_names(self) -> Iterable[str]:
        """The names of the relations that were read, and of those in CTEs that nothing reads."""
        names = dict.fromkeys(self._sources)
        for cte in self.ctes:
            tables = cte.expression.find_all(exp.Table) if cte.source is None else ()
            for table in tables:
                if isinstance(table.this, exp.Identifier):
                    names[self._find_relation(tuple(part.name for part in table.parts)).name] = None
        return names

    def use(self, kind: str, provenance: Provenance) -> None:
        """Note that these columns shape the rows of the query."""
        if provenance:
            self.uses.setdefault(kind, Provenance()).add(provenance)

    @contextmanager
    def noting(self) -> Iterator[Uses]:
        """Yields the uses that are noted within the context. They also count for the query."""
        before, self.uses = self.uses, {}
        yield self.uses
        found, self.uses = self.uses, before
        for kind, provenance in found.items():
            self.use(kind, provenance)

    def apart(self, source_of: Callable[[Resolver, Cte], Source], cte: Cte) -> Source:
        """The source of a CTE, whose uses are kept apart from those of the query that reads it first."""
        before = (self.uses, self.is_noting_uses)
        self.uses, self.is_noting_uses = self._uses_of_ctes, False
        source = source_of(self, cte)
        self.uses, self.is_noting_uses = before
        return source

    def all_uses(self) -> Uses:
        """The uses of the whole query, its CTEs included."""
        for kind, provenance in self._uses_of_ctes.items():
            self.use(kind, provenance)
        return self.uses

    def check_budget(self) -> None:
        """Raises UnreadableSql if the query took too much time. Reads the clock at every eighth step only."""
        self._step_count += 1
        if self._step_count % 8 == 0 and time.thread_time() > self._deadline:
            raise UnreadableSql(f"resolving it takes more than {CPU_SECONDS:g} seconds of CPU time")
