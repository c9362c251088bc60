"""What is the same in a whole resolution: the dialect, the relations outside, and what was found so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import aggregates_of
from artifact_warehouse.lineage.resolver.dialects import Dialect
from artifact_warehouse.lineage.resolver.flows import Flow
from artifact_warehouse.lineage.resolver.frames import Frame, RelationFrame
from artifact_warehouse.lineage.resolver.model import FindRelation, Relation, UnreadableSql
from artifact_warehouse.lineage.resolver.recursion import Recursions

if TYPE_CHECKING:
    from artifact_warehouse.lineage.resolver.ctes import Cte, Ctes
    from artifact_warehouse.lineage.resolver.scopes import Scope

CPU_SECONDS = 20.0
"""How much of a processor's time one query may take: of the thread's own, however busy the machine is."""


Uses = dict[str, Flow]
"""The columns that shape the rows of a query, by the kind of their use."""


class Walk:
    """What is the same in a whole query: its dialect, the relations outside, and what was found so far."""

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
        """The texts of what it reads from that are unknown here."""
        self.chosen_name: str | None = None
        """The column that COLUMNS(…) stands for just now."""
        self.recursions = Recursions()
        self.ctes: list[Cte] = []
        self.query: Callable[[exp.Expr, Scope | None, Ctes], Frame]
        """Resolves a query within a scope; see `queries`."""
        self.cte: Callable[[Cte], Frame]
        """Resolves a CTE, once."""
        self.with_ctes: Callable[[exp.Expr, Scope | None, Ctes], Ctes]
        """The CTEs that a query can read: its own, and those around it."""
        self.value_of: Callable[[exp.Expr, Scope], Flow]
        """The flow of an expression; see `expressions`."""
        self.collect_arguments: Callable[..., None]
        """Adds the columns in the arguments of an expression to a flow."""
        self._find_relation = find_relation
        self._frames: dict[str, RelationFrame] = {}
        self._uses_of_ctes: Uses = {}
        self._step_count = 0
        self._deadline = time.thread_time() + CPU_SECONDS

    def relation(self, parts: tuple[str, ...]) -> RelationFrame:
        """The frame of a relation outside the query; one for each relation."""
        return self.frame_of(self._find_relation(parts))

    def frame_of(self, relation: Relation) -> RelationFrame:
        """The frame of a relation; one for each."""
        frame = self._frames.get(relation.name)
        if frame is None:
            frame = RelationFrame(relation, lists_fields=self.dialect.name == "bigquery")
            self._frames[relation.name] = frame
        return frame

    def relation_names(self) -> Iterable[str]:
        """The names of the relations that were read, and of those in CTEs that nothing reads."""
        names = dict.fromkeys(self._frames)
        for cte in self.ctes:
            tables = cte.expression.find_all(exp.Table) if cte.frame is None else ()
            for table in tables:
                if isinstance(table.this, exp.Identifier):
                    names[self._find_relation(tuple(part.name for part in table.parts)).name] = None
        return names

    def use(self, kind: str, flow: Flow) -> None:
        """Note that these columns shape the rows of the query."""
        if flow:
            self.uses.setdefault(kind, Flow()).add(flow)

    @contextmanager
    def noting(self) -> Iterator[Uses]:
        """Gives the uses that are noted meanwhile, which count as others do."""
        before, self.uses = self.uses, {}
        yield self.uses
        found, self.uses = self.uses, before
        for kind, flow in found.items():
            self.use(kind, flow)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Resolves a CTE: what it uses is nothing that the query uses which happens to read it first."""
        before = (self.uses, self.is_noting_uses)
        self.uses, self.is_noting_uses = self._uses_of_ctes, False
        yield
        self.uses, self.is_noting_uses = before

    def all_uses(self) -> Uses:
        """The uses of the whole query, its CTEs included."""
        for kind, flow in self._uses_of_ctes.items():
            self.use(kind, flow)
        return self.uses

    def check_budget(self) -> None:
        """Raises UnreadableSql when the query took too much time. Looks at the clock now and then: that takes time."""
        self._step_count += 1
        if self._step_count % 8 == 0 and time.thread_time() > self._deadline:
            raise UnreadableSql(f"resolving it takes more than {CPU_SECONDS:g} seconds of CPU time")
