"""Scopes: what the names in one SELECT stand for, and the state of a resolution that all of them share."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from sqlglot import exp

from artifact_warehouse.lineage.resolver.dialects import Dialect
from artifact_warehouse.lineage.resolver.flows import FIELD, GUESSED, UNRESOLVED, Flow
from artifact_warehouse.lineage.resolver.frames import Frame, FunctionFrame, RelationFrame, union
from artifact_warehouse.lineage.resolver.model import FindRelation, Relation, UnreadableSql
from artifact_warehouse.lineage.resolver.recursion import Recursions

CPU_SECONDS = 20.0
"""How much of a processor's time one query may take: of the thread's own, however busy the machine is."""


class Walk:
    """What is the same in a whole query: its dialect, the relations outside, and what was found so far."""

    def __init__(self, dialect: Dialect, find_relation: FindRelation, ephemerals: Mapping[str, Relation]) -> None:
        self.dialect = dialect
        self.ephemerals = ephemerals
        self.uses: dict[str, Flow] = {}
        self.unresolved: dict[str, None] = {}
        self.recursions = Recursions()
        self.query: Callable[[exp.Expr, Scope | None, Ctes], Frame]
        """Resolves a query within a scope; see `queries`."""
        self.cte: Callable[[Cte], Frame]
        """Resolves a CTE, once."""
        self.with_ctes: Callable[[exp.Expr, Scope | None, Ctes], Ctes]
        """The CTEs that a query can read: its own, and those around it."""
        self._find_relation = find_relation
        self._frames: dict[str, RelationFrame] = {}
        self._step_count = 0
        self._deadline = time.thread_time() + CPU_SECONDS

    def relation(self, parts: tuple[str, ...]) -> RelationFrame:
        """The frame of a relation outside the query; one for each relation."""
        return self.frame_of(self._find_relation(parts))

    def frame_of(self, relation: Relation) -> RelationFrame:
        """The frame of a relation; one for each."""
        frame = self._frames.get(relation.name)
        if frame is None:
            frame = self._frames[relation.name] = RelationFrame(relation)
        return frame

    def use(self, kind: str, flow: Flow) -> None:
        """Note that these columns shape the rows of the query."""
        if flow:
            self.uses.setdefault(kind, Flow()).add(flow)

    def check_budget(self) -> None:
        """Raises UnreadableSql when the query took too much time. Looks at the clock now and then: that takes time."""
        self._step_count += 1
        if self._step_count % 8 == 0 and time.thread_time() > self._deadline:
            raise UnreadableSql(f"resolving it takes more than {CPU_SECONDS:g} seconds of CPU time")


class Cte:
    """A common table expression, resolved when something reads it, and once."""

    __slots__ = ("ctes", "expression", "frame", "is_recursive", "outer")

    def __init__(self, expression: exp.CTE, outer: Scope | None, ctes: Ctes, is_recursive: bool) -> None:
        self.expression = expression
        self.outer = outer
        self.ctes = ctes
        self.is_recursive = is_recursive
        self.frame: Frame | None = None

    @property
    def is_value(self) -> bool:
        """Whether it names no query but a value, as ClickHouse's WITH expression AS name."""
        return not isinstance(self.expression.this, (exp.Query, exp.Table, exp.From, exp.Pivot, exp.Values))


class Ctes:
    """The CTEs that a query can read, by lower-case name: those of its WITH clause, and those around it.

    What a CTE of a long clause can read are the ones before it: the same object, up to an `end`, not a copy.
    """

    __slots__ = ("_around", "_end", "_own")

    def __init__(self, around: Ctes | None = None) -> None:
        self._around = around
        self._own: dict[str, tuple[int, Cte]] = {}
        self._end = sys.maxsize

    def add(self, name: str, cte: Cte) -> None:
        """Let a CTE be read."""
        self._own[name] = (len(self._own), cte)

    def before(self) -> Ctes:
        """Those that can be read now, without those that are added later."""
        ctes = Ctes(self._around)
        ctes._own = self._own
        ctes._end = len(self._own)
        return ctes

    def get(self, name: str) -> Cte | None:
        """The CTE of that name, the innermost."""
        ctes: Ctes | None = self
        while ctes is not None:
            position, cte = ctes._own.get(name, (sys.maxsize, None))
            if position < ctes._end:
                return cte
            ctes = ctes._around
        return None


class Scope:
    """The names of one SELECT: what it reads from, by alias, within the scopes around it."""

    __slots__ = (
        "_busy", "_named_values", "_subqueries", "aliased", "aliases", "ctes", "earlier", "frames", "is_beside",
        "merged", "outer", "parameters", "qualified", "value_of", "walk", "windows",
    )  # fmt: skip

    def __init__(self, walk: Walk, outer: Scope | None, ctes: Ctes) -> None:
        self.walk = walk
        self.outer = outer
        self.ctes = ctes
        self.frames: dict[str, Frame] = {}
        self.merged: dict[str, Flow] = {}
        """The columns that USING and NATURAL joins make one of."""
        self.parameters: Mapping[str, Flow] = {}
        """Those of a lambda: they hide all else."""
        self.windows: dict[str, exp.Window] = {}
        self.qualified: dict[str, str] = {}
        """The alias of each relation, by its name as written and without what stands before its last parts."""
        self.aliases: dict[str, Flow] = {}
        """The columns of the select list that can be named here."""
        self.earlier: Mapping[str, Flow] = {}
        """The columns of the select list so far."""
        self.aliased: Mapping[str, exp.Expr] = {}
        """The expressions of aliases that may have to be resolved before their turn."""
        self.value_of: Callable[[exp.Expr, Scope], Flow] | None = None
        self.is_beside = False
        """Whether it is what stands beside a query in FROM, which is read only where nothing else can be meant."""
        self._busy: set[str] = set()
        self._subqueries: dict[int, Frame] = {}
        self._named_values: dict[str, Flow] = {}

    def beside(self) -> Scope:
        """What a query in FROM could read of what stands before it; without LATERAL, it rarely may."""
        scope = Scope(self.walk, self.outer, self.ctes)
        scope.frames, scope.merged, scope.qualified = self.frames, self.merged, self.qualified
        scope.is_beside = True
        return scope

    # ------------------------------------------------------------------ names

    def find_frame(self, alias: str) -> Frame | None:
        """What is read under an alias, here or around."""
        scope: Scope | None = self
        while scope is not None:
            frame = scope.frames.get(alias)
            if frame is not None:
                return frame
            scope = scope.outer
        return None

    def find_name(self, name: str) -> Flow | None:
        """What an unqualified lower-case name stands for, here or around; None for nothing that is known."""
        scope: Scope | None = self
        while scope is not None:
            flow = scope._own(name)
            if flow is not None:
                return flow
            scope = scope.outer
        return None

    def _own(self, name: str) -> Flow | None:
        if name in self.parameters:
            return self.parameters[name]
        prefers_aliases = self.walk.dialect.prefers_aliases
        if prefers_aliases and (flow := self.alias(name)) is not None:
            return flow
        if self.merged and name in self.merged:
            return self.merged[name]
        for frame in self.frames.values():
            if name in frame:
                return frame.get(name)
        if not prefers_aliases and (flow := self.alias(name)) is not None:
            return flow
        named = self.frames.get(name)
        if named is not None and named.value is not None:
            return named.value
        if (flow := self._from_open_frames(name)) is not None:
            return flow
        if (flow := self._by_elimination(name)) is not None:
            return flow
        return self._from_cte(name) if named is None else named.row()

    def alias(self, name: str) -> Flow | None:
        """The column of the select list with this alias, unless it is being resolved right now."""
        flow = self.aliases.get(name)
        if flow is None and name in self.aliased and name not in self._busy and self.value_of is not None:
            self._busy.add(name)
            flow = self.aliases[name] = self.value_of(self.aliased[name], self)
            self._busy.discard(name)
        return flow

    def _from_open_frames(self, name: str) -> Flow | None:
        """A column of what may have more columns than are known; unless a query around is known to have it."""
        functions, relation = [], None
        for frame in self.frames.values():
            if frame.is_open and isinstance(frame, FunctionFrame):
                functions.append(frame)
            elif frame.is_open and relation is not None:  # ambiguous: it could be anyone's
                return None
            elif frame.is_open:
                relation = frame
        around = self.outer._listed(name) if self.outer is not None and (functions or relation) else None
        if around is not None and relation is None:
            return around
        frames = functions if relation is None else [relation]
        flows = [flow for frame in frames if (flow := frame.get(name)) is not None]
        if around is not None:
            flows.append(around)
        if not flows:
            return None
        return flows[0] if len(flows) == 1 else union(flows, GUESSED)

    def _listed(self, name: str) -> Flow | None:
        """The column of what is known to have it, here or around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.parameters:
                return scope.parameters[name]
            if name in scope.merged and not scope.is_beside:
                return scope.merged[name]
            for frame in scope.frames.values() if not scope.is_beside else ():
                if name in frame:
                    return frame.get(name)
            scope = scope.outer
        return None

    def _by_elimination(self, name: str) -> Flow | None:
        """An alias of the same select list in a dialect without such: nothing else can be meant."""
        if name not in self.earlier or any(frame.is_open for frame in self.frames.values()):
            return None
        return self.earlier[name].through(GUESSED)

    def _from_cte(self, name: str) -> Flow | None:
        """ClickHouse's WITH expression AS name, which reads what the query reads, and WITH (SELECT …) AS name."""
        cte = self.ctes.get(name) if self.walk.dialect.name == "clickhouse" else None
        if cte is None:
            return None
        if not cte.is_value:
            return self.walk.cte(cte).row()
        if self.value_of is None or name in self._busy:
            return None
        if name not in self._named_values:
            self._busy.add(name)
            self._named_values[name] = self.value_of(cte.expression.this, self)
            self._busy.discard(name)
        return self._named_values[name]

    def subquery(self, query: exp.Expr) -> Frame:
        """The frame of a query within an expression, resolved once however often the expression is looked at."""
        frame = self._subqueries.get(id(query))
        if frame is None:
            frame = self._subqueries[id(query)] = self.walk.query(query, self, self.ctes)
        return frame

    # ------------------------------------------------------------------ columns

    def column(self, column: exp.Column) -> Flow | None:
        """What a column stands for, qualified or not; None for a word that is no column."""
        args = column.args
        name = args["this"].name
        table = args.get("table")
        if table is None:
            flow = self.find_name(name.lower())
        elif args.get("db") is None:
            flow = self._of_table(table.name.lower(), name)
        else:
            flow = self._of_path([part.name for part in column.parts])
        if flow is None and (table is not None or not (name.lower() in _WORDS or name.startswith("$"))):
            self.walk.unresolved[".".join(part.name for part in column.parts)] = None
            return _FROM_NOWHERE
        return flow

    def _of_table(self, table: str, name: str) -> Flow | None:
        frame = self.find_frame(table) or self.find_qualified(table)
        if frame is not None and (flow := _of_frame(frame, name)) is not None:
            return flow
        flow = self.find_name(table)
        return None if flow is None else field(flow, [name.lower()])

    def _of_path(self, parts: list[str]) -> Flow | None:
        """schema.relation.column, or relation.column.field, or column.field.field."""
        lower = [part.lower() for part in parts]
        if (frame := self.find_qualified(".".join(lower[:-1]))) is not None:
            return _of_frame(frame, parts[-1])
        if (frame := self.find_frame(lower[0])) is not None and (flow := frame.get(lower[1])) is not None:
            return field(flow, lower[2:])
        if (frame := self.find_frame(lower[-2])) is not None and (flow := _of_frame(frame, parts[-1])) is not None:
            return flow
        flow = self.find_name(lower[0])
        return None if flow is None else field(flow, lower[1:])

    def find_qualified(self, name: str) -> Frame | None:
        """What is read from a relation under its own name: schema.relation, where database.schema.relation is read."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.qualified:
                return scope.frames.get(scope.qualified[name])
            scope = scope.outer
        return None


def _of_frame(frame: Frame, name: str) -> Flow | None:
    """A column that is named with its relation, so that nothing else is meant."""
    flow = frame.get(name.lower())
    if flow is None:
        if isinstance(frame, RelationFrame):
            return frame.get_unlisted(name)
        if isinstance(frame, FunctionFrame):
            return frame.arguments
        return frame.value
    return flow


def field(flow: Flow, path: list[str]) -> Flow:
    """A part of a value: followed by name through structs that the query builds, else a field of the whole."""
    for name in path:
        fields = flow.fields
        if not isinstance(fields, Frame):
            return flow.through(FIELD)
        part = fields.get(name)
        if part is None:
            return flow.through(FIELD)
        flow = part
    return flow


_FROM_NOWHERE = Flow({UNRESOLVED: 0})

_WORDS = {
    *("current_date", "current_time", "current_timestamp", "current_user", "localtime", "localtimestamp", "sysdate"),
    *("year", "years", "quarter", "quarters", "month", "months", "week", "weeks", "day", "days", "hour", "hours"),
    *("minute", "minutes", "second", "seconds", "millisecond", "microsecond", "dayofweek", "dayofyear", "weekday"),
    *("dow", "doy", "epoch", "isoweek", "isoyear", "date", "d", "dd", "h", "hh", "m", "mi", "mm", "ms", "ns", "q"),
    *("s", "ss", "us", "w", "yy", "yyyy", "rownum", "level"),
}
"""Words that are no columns where no relation has such a column: units of time, and functions without parentheses."""
