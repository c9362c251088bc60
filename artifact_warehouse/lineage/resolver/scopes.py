"""Scopes: resolve the names in one SELECT."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from artifact_warehouse.lineage.resolver.ctes import Ctes
from artifact_warehouse.lineage.resolver.provenance import FIELD, GUESSED, Provenance
from artifact_warehouse.lineage.resolver.resolver import Resolver
from artifact_warehouse.lineage.resolver.sources import FROM_NOWHERE, FunctionSource, Source, union
from artifact_warehouse.lineage.resolver.units import LEVELS, is_function, may_be_keyword, may_be_unit


class Scope:
    """The names of one SELECT: its sources by alias, its aliases, and the scope around it."""

    __slots__ = (
        "_busy",
        "_deciding",
        "_named_values",
        "_reads_itself",
        "_subqueries",
        "aliased",
        "aliases",
        "chosen",
        "ctes",
        "earlier",
        "has_levels",
        "is_beside",
        "merged",
        "outer",
        "parameters",
        "qualified",
        "resolver",
        "sources",
        "windows",
    )  # fmt: skip

    def __init__(self, resolver: Resolver, outer: Scope | None, ctes: Ctes) -> None:
        self.resolver = resolver
        self.outer = outer
        self.ctes = ctes
        self.sources: dict[str, Source] = {}
        self.merged: dict[str, Provenance] = {}
        """The columns that USING and NATURAL joins merge."""
        self.parameters: Mapping[str, Provenance] = {}
        """The parameters of a lambda. They hide every other name."""
        self.windows: dict[str, exp.Window] = {}
        self.qualified: dict[str, str] = {}
        """The alias of each relation by its written name, and by every ending of it: a.b.c, b.c, c."""
        self.aliases: dict[str, Provenance] = {}
        """The aliases of the select list that the current clause can use."""
        self.earlier: Mapping[str, Provenance] = {}
        """The columns of the select list that are resolved so far."""
        self.aliased: Mapping[str, exp.Expr] = {}
        """The expression of each alias: a lateral alias may be used before its own item is resolved."""
        self.chosen: dict[int, Source] = {}
        """The columns that each COLUMNS(…) chooses, by the id of its node."""
        self.has_levels = False
        """Whether the SELECT has CONNECT BY."""
        self.is_beside = False
        """Whether it holds the items before a query in FROM. The query reads them only if nothing else has the name."""
        self._busy: set[str] = set()
        self._deciding: dict[int, Provenance] = {}
        self._reads_itself: dict[str, bool] = {}
        self._subqueries: dict[int, Source] = {}
        self._named_values: dict[str, Provenance] = {}

    def beside(self) -> Scope:
        """A scope with the items before a query in FROM: the query may read them where LATERAL is implied."""
        scope = Scope(self.resolver, self.outer, self.ctes)
        scope.sources, scope.merged, scope.qualified = self.sources, self.merged, self.qualified
        scope.is_beside = True
        return scope

    # ------------------------------------------------------------------ names

    def find_source(self, alias: str) -> Source | None:
        """The source with that alias, in this scope or one around it."""
        scope: Scope | None = self
        while scope is not None:
            source = scope.sources.get(alias)
            if source is not None:
                return source
            scope = scope.outer
        return None

    def find_name(self, name: str) -> Provenance | None:
        """The column that a bare lower-case name means, in this scope or one around it; None if nothing has it."""
        scope: Scope | None = self
        while scope is not None:
            provenance = scope._own(name)
            if provenance is not None:
                return provenance
            scope = scope.outer
        return None

    def _own(self, name: str) -> Provenance | None:
        if name in self.parameters:
            return self.parameters[name]
        prefers_aliases = self.resolver.dialect.prefers_aliases
        if prefers_aliases and (provenance := self.alias(name)) is not None:
            return provenance
        if self.merged and name in self.merged:
            return self.merged[name]
        for source in self.sources.values():
            if name in source:
                return source.get(name)
        if not prefers_aliases and (provenance := self._alias_or_open_column(name)) is not None:
            return provenance
        named = self.sources.get(name)
        if named is not None and named.value is not None:
            return named.value
        if (provenance := self._from_open_sources(name)) is not None:
            return provenance
        if (provenance := self._by_elimination(name)) is not None or (provenance := self._nested(name)) is not None:
            return provenance
        return self._from_cte(name) if named is None else None

    def _alias_or_open_column(self, name: str) -> Provenance | None:
        """The alias of that name; but an open source has the column if the alias itself reads the name."""
        found = self._reads_itself.get(name)
        if found is None and name in self.aliased:
            parts = self.aliased[name].walk(prune=lambda part: isinstance(part, exp.Query))
            found = any(type(part) is exp.Column and part.name.lower() == name for part in parts)
            self._reads_itself[name] = found
        provenance = self._from_open_sources(name) if found else None
        return self.alias(name) if provenance is None else provenance

    def find_row(self, name: str) -> Provenance | None:
        """The value of a name: a column, or the whole row of the source with that alias."""
        scope: Scope | None = self
        while scope is not None:
            if (provenance := scope._own(name)) is not None:
                return provenance
            if name in scope.sources:
                return scope.sources[name].row()
            scope = scope.outer
        return None

    def alias(self, name: str) -> Provenance | None:
        """The value of an alias of the select list; None while that alias is being resolved."""
        provenance = self.aliases.get(name)
        if provenance is None and name in self.aliased and name not in self._busy:
            self._busy.add(name)
            provenance = self.aliases[name] = self.resolver.value_of(self.aliased[name], self)
            self._busy.discard(name)
        return provenance

    def _from_open_sources(self, name: str) -> Provenance | None:
        """A column of the one open source, unless a scope around it is known to have the column."""
        functions, relation = [], None
        for source in self.sources.values():
            if source.is_open and isinstance(source, FunctionSource):
                functions.append(source)
            elif source.is_open and relation is not None:  # ambiguous
                return None
            elif source.is_open:
                relation = source
        around = self.outer._listed(name) if self.outer is not None and (functions or relation) else None
        if around is not None and relation is None:
            return around
        sources = functions if relation is None else [relation, *(source for source in functions if source.is_bare)]
        provenances = [provenance for source in sources if (provenance := source.get(name)) is not None]
        if around is not None:
            provenances.append(around)
        if not provenances:
            return None
        return provenances[0] if len(provenances) == 1 else union(provenances, GUESSED)

    def _listed(self, name: str) -> Provenance | None:
        """The column of a source that is known to have it, in this scope or one around it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.parameters:
                return scope.parameters[name]
            if name in scope.merged and not scope.is_beside:
                return scope.merged[name]
            for source in scope.sources.values() if not scope.is_beside else ():
                if name in source:
                    return source.get(name)
            scope = scope.outer
        return None

    def _by_elimination(self, name: str) -> Provenance | None:
        """An earlier alias in a dialect without lateral aliases, if no source can have the name."""
        if name not in self.earlier or any(source.is_open for source in self.sources.values()):
            return None
        return self.earlier[name].through(GUESSED)

    def _from_cte(self, name: str) -> Provenance | None:
        """The value of ClickHouse's WITH expression AS name, or of its WITH (SELECT …) AS name."""
        cte = self.ctes.get(name) if self.resolver.dialect.name == "clickhouse" else None
        if cte is None:
            return None
        if not cte.is_value:
            return self.resolver.cte(cte).row()
        if name in self._busy:
            return None
        if name not in self._named_values:
            self._busy.add(name)
            self._named_values[name] = self.resolver.value_of(cte.expression.this, self)
            self._busy.discard(name)
        return self._named_values[name]

    def subquery(self, query: exp.Expr) -> Source:
        """The source of a query within an expression. It is resolved once, even if the expression is visited again."""
        source = self._subqueries.get(id(query))
        if source is None:
            source = self._subqueries[id(query)] = self.resolver.query(query, self, self.ctes)
        return source

    def deciding(self, query: exp.Expr) -> Provenance:
        """The columns that decide whether a query has rows: those that it filters, joins and groups by."""
        provenance = self._deciding.get(id(query))
        if provenance is None:
            with self.resolver.noting() as uses:
                self.subquery(query)
            provenance = self._deciding[id(query)] = union(
                provenance for kind, provenance in uses.items() if kind != "sort"
            )
        return provenance

    # ------------------------------------------------------------------ columns

    def column(self, column: exp.Column) -> Provenance | None:
        """The provenance of a column, qualified or bare; None for a word that is no column."""
        args = column.args
        name = args["this"].name
        table = args.get("table")
        if table is None:
            provenance = self.find_row(name.lower())
        elif args.get("db") is None:
            provenance = self._of_table(table.name.lower(), name, column)
        else:
            provenance = self._of_path([part.name for part in column.parts])
        return self._otherwise(column) if provenance is None else provenance

    def _otherwise(self, column: exp.Column) -> Provenance | None:
        """The provenance of a column that no source is known to have."""
        name = column.name
        if column.args.get("table") is None:
            if may_be_unit(column) or self._is_word(column):
                return None
            if not may_be_keyword(column) and (provenance := self._uncatalogued(name)) is not None:
                return provenance
        self.resolver.unresolved[".".join(part.name for part in column.parts)] = None
        return FROM_NOWHERE

    def _is_word(self, column: exp.Column) -> bool:
        """Whether it is a function that is called without parentheses, or a pseudo-column of CONNECT BY."""
        name = column.name.lower()
        return not column.this.args.get("quoted") and (is_function(name) or (name in LEVELS and self._has_levels()))

    def _has_levels(self) -> bool:
        scope: Scope | None = self
        while scope is not None and not scope.has_levels:
            scope = scope.outer
        return scope is not None

    def _uncatalogued(self, name: str) -> Provenance | None:
        """A column that no catalog lists, if exactly one relation can have it."""
        found: list[Provenance] = []
        scope: Scope | None = self
        while scope is not None:
            sources = scope.sources.values() if not scope.is_beside else ()
            found += [provenance for source in sources if (provenance := source.uncatalogued(name)) is not None]
            scope = scope.outer
        return found[0] if len(found) == 1 else None

    def at_position(self, parameter: exp.Parameter) -> Provenance | None:
        """The column at the position of Snowflake's $1; None for any other parameter."""
        place = parameter.this
        if not isinstance(place, exp.Literal) or not place.is_int or self.resolver.dialect.name != "snowflake":
            return None
        sources = list(self.sources.values())
        return self._at(sources[0] if len(sources) == 1 else None, place, f"${place.name}")

    def _at(self, source: Source | None, place: exp.Expr, name: str) -> Provenance | None:
        provenance = None if source is None else source.at(int(place.name) - 1) or source.get(name)
        if provenance is None:
            self.resolver.unresolved[name] = None
        return FROM_NOWHERE if provenance is None else provenance

    def _of_table(self, table: str, name: str, column: exp.Column) -> Provenance | None:
        source = self.sources.get(table) or self.find_source(table) or self.find_qualified(table)
        if source is not None:
            word = column.args["this"]
            if type(word) is exp.Parameter:
                return self._at(source, word.this, f"${name}")
            if (provenance := _of_source(source, name)) is not None:
                return provenance
        provenance = self.find_name(table)
        return self._dotted(f"{table}.{name}") if provenance is None else field(provenance, [name.lower()])

    def _dotted(self, name: str) -> Provenance | None:
        """A column whose own name has a dot, as those of ClickHouse's Nested have."""
        name = name.lower()
        return next((source.get(name) for source in self.sources.values() if name in source), None)

    def _nested(self, name: str) -> Provenance | None:
        """All columns of ClickHouse's Nested, as a struct: they are called name.field."""
        if self.resolver.dialect.name != "clickhouse":
            return None
        whole = Source()
        for source in self.sources.values():
            for column in source.names():
                if column.startswith(f"{name}."):
                    whole.put(source.spelling(column)[len(name) + 1 :], source.columns_provenance(column))
        return whole.row() if whole.columns else None

    def _of_path(self, parts: list[str]) -> Provenance | None:
        """The column that schema.relation.column, relation.column.field or column.field.field means."""
        lower = [part.lower() for part in parts]
        if (source := self.find_qualified(".".join(lower[:-1]))) is not None:
            return _of_source(source, parts[-1])
        if (source := self.find_source(lower[0])) is not None:
            dotted = ".".join(lower[1:])
            if lower[1] not in source and dotted in source:
                return source.get(dotted)
            if (provenance := source.get(lower[1])) is not None:
                return field(provenance, lower[2:])
        if (source := self.find_source(lower[-2])) is not None and (
            provenance := _of_source(source, parts[-1])
        ) is not None:
            return provenance
        provenance = self.find_name(lower[0])
        return self._dotted(".".join(parts)) if provenance is None else field(provenance, lower[1:])

    def find_qualified(self, name: str) -> Source | None:
        """The source of a relation by its written name, or by an ending of it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.qualified:
                return scope.sources.get(scope.qualified[name])
            scope = scope.outer
        return None


def _of_source(source: Source, name: str) -> Provenance | None:
    """A column of a source that the query names."""
    provenance = source.get(name.lower())
    if provenance is None:
        if (provenance := source.uncatalogued(name)) is not None:
            return provenance
        if isinstance(source, FunctionSource):
            return source.arguments
        return source.value
    return provenance


def field(provenance: Provenance, path: list[str]) -> Provenance:
    """A field of a value: one that the query builds into a struct, or a part of the whole value."""
    for name in path:
        fields = provenance.fields
        if not isinstance(fields, Source):
            return provenance.through(FIELD)
        part = fields.get(name)
        if part is None:
            return provenance.through(FIELD)
        provenance = part
    return provenance
