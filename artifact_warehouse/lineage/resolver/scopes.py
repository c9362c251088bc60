"""Scopes: what the names in one SELECT stand for."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from artifact_warehouse.lineage.resolver.ctes import Ctes
from artifact_warehouse.lineage.resolver.flows import FIELD, GUESSED, Flow
from artifact_warehouse.lineage.resolver.frames import FROM_NOWHERE, Frame, FunctionFrame, union
from artifact_warehouse.lineage.resolver.units import LEVELS, is_function, may_be_keyword, may_be_unit
from artifact_warehouse.lineage.resolver.walk import Walk


class Scope:
    """The names of one SELECT: what it reads from, by alias, within the scopes around it."""

    __slots__ = (
        "_busy", "_deciding", "_named_values", "_proves_itself", "_subqueries", "aliased", "aliases", "chosen", "ctes",
        "earlier", "frames", "has_levels", "is_beside", "merged", "outer", "parameters", "qualified", "walk", "windows",
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
        self.chosen: dict[int, Frame] = {}
        """What each COLUMNS(…) chooses."""
        self.has_levels = False
        """Whether it has CONNECT BY."""
        self.is_beside = False
        """Whether it is what stands beside a query in FROM, which is read only where nothing else can be meant."""
        self._busy: set[str] = set()
        self._deciding: dict[int, Flow] = {}
        self._proves_itself: dict[str, bool] = {}
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
        if not prefers_aliases and (flow := self._proven_or_alias(name)) is not None:
            return flow
        named = self.frames.get(name)
        if named is not None and named.value is not None:
            return named.value
        if (flow := self._from_open_frames(name)) is not None:
            return flow
        if (flow := self._by_elimination(name)) is not None or (flow := self._nested(name)) is not None:
            return flow
        return self._from_cte(name) if named is None else None

    def _proven_or_alias(self, name: str) -> Flow | None:
        """An alias; but a column of unknown relations, where the alias itself reads one of its name: they have it."""
        found = self._proves_itself.get(name)
        if found is None and name in self.aliased:
            parts = self.aliased[name].walk(prune=lambda part: isinstance(part, exp.Query))
            found = any(type(part) is exp.Column and part.name.lower() == name for part in parts)
            self._proves_itself[name] = found
        flow = self._from_open_frames(name) if found else None
        return self.alias(name) if flow is None else flow

    def find_row(self, name: str) -> Flow | None:
        """What a name stands for as a value: a column, else a whole row of what is read under that name."""
        scope: Scope | None = self
        while scope is not None:
            if (flow := scope._own(name)) is not None:
                return flow
            if name in scope.frames:
                return scope.frames[name].row()
            scope = scope.outer
        return None

    def alias(self, name: str) -> Flow | None:
        """The column of the select list with this alias, unless it is being resolved right now."""
        flow = self.aliases.get(name)
        if flow is None and name in self.aliased and name not in self._busy:
            self._busy.add(name)
            flow = self.aliases[name] = self.walk.value_of(self.aliased[name], self)
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
        frames = functions if relation is None else [relation, *(frame for frame in functions if frame.is_bare)]
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
        if name in self._busy:
            return None
        if name not in self._named_values:
            self._busy.add(name)
            self._named_values[name] = self.walk.value_of(cte.expression.this, self)
            self._busy.discard(name)
        return self._named_values[name]

    def subquery(self, query: exp.Expr) -> Frame:
        """The frame of a query within an expression, resolved once however often the expression is looked at."""
        frame = self._subqueries.get(id(query))
        if frame is None:
            frame = self._subqueries[id(query)] = self.walk.query(query, self, self.ctes)
        return frame

    def deciding(self, query: exp.Expr) -> Flow:
        """What decides whether a query has rows, resolved once: the columns that it filters, joins and groups by."""
        flow = self._deciding.get(id(query))
        if flow is None:
            with self.walk.noting() as uses:
                self.subquery(query)
            flow = self._deciding[id(query)] = union(flow for kind, flow in uses.items() if kind != "sort")
        return flow

    # ------------------------------------------------------------------ columns

    def column(self, column: exp.Column) -> Flow | None:
        """What a column stands for, qualified or not; None for a word that is no column."""
        args = column.args
        name = args["this"].name
        table = args.get("table")
        if table is None:
            flow = self.find_row(name.lower())
        elif args.get("db") is None:
            flow = self._of_table(table.name.lower(), name, column)
        else:
            flow = self._of_path([part.name for part in column.parts])
        return self._otherwise(column) if flow is None else flow

    def _otherwise(self, column: exp.Column) -> Flow | None:
        """What a column stands for that nothing is known to have."""
        name = column.name
        if column.args.get("table") is None:
            if may_be_unit(column) or self._is_word(column):
                return None
            if not may_be_keyword(column) and (flow := self._beyond(name)) is not None:
                return flow
        self.walk.unresolved[".".join(part.name for part in column.parts)] = None
        return FROM_NOWHERE

    def _is_word(self, column: exp.Column) -> bool:
        """Whether it is a function that is called without parentheses, or a level of CONNECT BY."""
        name = column.name.lower()
        return not column.this.args.get("quoted") and (is_function(name) or (name in LEVELS and self._has_levels()))

    def _has_levels(self) -> bool:
        scope: Scope | None = self
        while scope is not None and not scope.has_levels:
            scope = scope.outer
        return scope is not None

    def _beyond(self, name: str) -> Flow | None:
        """A column that no catalog lists, where one relation only can have it."""
        found: list[Flow] = []
        scope: Scope | None = self
        while scope is not None:
            frames = scope.frames.values() if not scope.is_beside else ()
            found += [flow for frame in frames if (flow := frame.beyond(name)) is not None]
            scope = scope.outer
        return found[0] if len(found) == 1 else None

    def at_position(self, parameter: exp.Parameter) -> Flow | None:
        """What Snowflake's $1 stands for: a column by its place; None for a parameter."""
        place = parameter.this
        if not isinstance(place, exp.Literal) or not place.is_int or self.walk.dialect.name != "snowflake":
            return None
        frames = list(self.frames.values())
        return self._at(frames[0] if len(frames) == 1 else None, place, f"${place.name}")

    def _at(self, frame: Frame | None, place: exp.Expr, name: str) -> Flow | None:
        flow = None if frame is None else frame.at(int(place.name) - 1) or frame.get(name)
        if flow is None:
            self.walk.unresolved[name] = None
        return FROM_NOWHERE if flow is None else flow

    def _of_table(self, table: str, name: str, column: exp.Column) -> Flow | None:
        frame = self.find_frame(table) or self.find_qualified(table)
        if frame is not None:
            if type(column.this) is exp.Parameter:
                return self._at(frame, column.this.this, f"${name}")
            if (flow := _of_frame(frame, name)) is not None:
                return flow
        flow = self.find_name(table)
        return self._dotted(f"{table}.{name}") if flow is None else field(flow, [name.lower()])

    def _dotted(self, name: str) -> Flow | None:
        """A column whose own name has dots: of ClickHouse's Nested."""
        name = name.lower()
        return next((frame.get(name) for frame in self.frames.values() if name in frame), None)

    def _nested(self, name: str) -> Flow | None:
        """ClickHouse's Nested as a whole: its columns have its name before a dot."""
        if self.walk.dialect.name != "clickhouse":
            return None
        whole = Frame()
        for frame in self.frames.values():
            for column in frame.names():
                if column.startswith(f"{name}."):
                    whole.put(frame.spelling(column)[len(name) + 1 :], frame.columns_flow(column))
        return whole.row() if whole.columns else None

    def _of_path(self, parts: list[str]) -> Flow | None:
        """schema.relation.column, or relation.column.field, or column.field.field."""
        lower = [part.lower() for part in parts]
        if (frame := self.find_qualified(".".join(lower[:-1]))) is not None:
            return _of_frame(frame, parts[-1])
        if (frame := self.find_frame(lower[0])) is not None:
            dotted = ".".join(lower[1:])
            if lower[1] not in frame and dotted in frame:
                return frame.get(dotted)
            if (flow := frame.get(lower[1])) is not None:
                return field(flow, lower[2:])
        if (frame := self.find_frame(lower[-2])) is not None and (flow := _of_frame(frame, parts[-1])) is not None:
            return flow
        flow = self.find_name(lower[0])
        return self._dotted(".".join(parts)) if flow is None else field(flow, lower[1:])

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
        if (flow := frame.beyond(name)) is not None:
            return flow
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
