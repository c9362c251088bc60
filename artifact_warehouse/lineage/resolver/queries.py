"""Queries: resolves a SELECT, a set operation, VALUES or a CTE to a source."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice

from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import outside_aggregates
from artifact_warehouse.lineage.resolver.ctes import Cte, Ctes
from artifact_warehouse.lineage.resolver.expressions import collect, collect_arguments, use, value_of
from artifact_warehouse.lineage.resolver.from_clause import add_join, add_source
from artifact_warehouse.lineage.resolver.model import UnreadableSql
from artifact_warehouse.lineage.resolver.pivots import matched
from artifact_warehouse.lineage.resolver.provenance import EXPRESSION, Provenance
from artifact_warehouse.lineage.resolver.resolver import Resolver
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.select_list import selected
from artifact_warehouse.lineage.resolver.set_operations import Recursion, is_recursive, set_operation
from artifact_warehouse.lineage.resolver.sources import Source, renamed
from artifact_warehouse.lineage.resolver.stars import all_of, whole_source

_IMPLICITLY_RECURSIVE = {None, "fabric", "oracle", "snowflake", "tsql", "teradata"}
"""Dialects where a CTE may read itself without the word RECURSIVE."""


def source_of_query(resolver: Resolver, query: exp.Expr) -> Source:
    """The source of the query of a text."""
    resolver.query = partial(_query, resolver)
    resolver.cte = partial(_cte, resolver)
    resolver.with_ctes = partial(_with, resolver)
    resolver.value_of, resolver.collect_arguments = value_of, collect_arguments
    try:
        return resolver.query(query, None, Ctes())
    finally:
        del resolver.query, resolver.cte, resolver.with_ctes  # a reference cycle would wait for the garbage collector


def _query(resolver: Resolver, query: exp.Expr, outer: Scope | None, ctes: Ctes) -> Source:
    resolver.check_budget()
    if isinstance(query, exp.Select):
        return _select(resolver, query, outer, _with(resolver, query, outer, ctes))
    if isinstance(query, exp.SetOperation):
        return _sorted(query, set_operation(resolver, query, outer, ctes), Scope(resolver, outer, ctes))
    if isinstance(query, exp.Values):
        return _values(query, Scope(resolver, outer, ctes))
    if isinstance(query, exp.Subquery):
        ctes = _with(resolver, query, outer, ctes)
        if isinstance(query.this, exp.Query) and not query.args.get("joins") and not query.args.get("pivots"):
            source = _query(resolver, query.this, outer, ctes)
            return source if not query.args.get("order") else _sorted(query, source, Scope(resolver, outer, ctes))
    elif isinstance(query, exp.From):
        query = query.this
    elif not isinstance(query, (exp.Table, exp.Pivot)):
        found = query.find(exp.Select, exp.SetOperation)
        if found is None:
            raise UnreadableSql(f"there is no query in it, but {query.key.upper()}")
        return _query(resolver, found, outer, ctes)
    scope = Scope(resolver, outer, ctes)
    add_source(query, scope)
    return next(iter(scope.sources.values())) if len(scope.sources) == 1 else all_of(scope)


# ---------------------------------------------------------------------- CTEs


def _with(resolver: Resolver, query: exp.Expr, outer: Scope | None, ctes: Ctes) -> Ctes:
    """The CTEs that a query can read. A CTE can read earlier ones; with RECURSIVE it can read all, and itself."""
    clause = query.args.get("with_")
    if clause is None:
        return ctes
    is_recursive = bool(clause.args.get("recursive")) or resolver.dialect.name in _IMPLICITLY_RECURSIVE
    visible = Ctes(ctes)
    for expression in clause.expressions:
        name = expression.alias.lower()
        cte = Cte(expression, outer, visible if clause.args.get("recursive") else visible.before(), is_recursive)
        if name in resolver.ephemerals:
            cte.source = resolver.source_of(resolver.ephemerals[name])
        visible.add(name, cte)
        resolver.ctes.append(cte)
    return visible


def _cte(resolver: Resolver, cte: Cte) -> Source:
    """The source of a CTE, resolved when it is first read."""
    if cte.source is not None:
        return cte.source
    cte.source = Source()  # a CTE that is not recursive sees no columns of itself
    cte.source = resolver.apart(_source_of_cte, cte)
    cte.ctes = Ctes()  # it reads no more; this breaks reference cycles between CTEs
    return cte.source


def _source_of_cte(resolver: Resolver, cte: Cte) -> Source:
    alias, body = cte.expression.args["alias"], cte.expression.args["this"]
    names = [column.name for column in alias.args.get("columns") or ()]
    if cte.is_recursive and isinstance(body, exp.SetOperation) and is_recursive(body, alias.name.lower()):
        return _recursive(resolver, cte, body, names)
    return renamed(_query(resolver, body, cte.outer, cte.ctes), names)


def _recursive(resolver: Resolver, cte: Cte, body: exp.SetOperation, names: list[str]) -> Source:
    """Resolves the parts that do not read the CTE, then the others, over stand-ins for its columns."""
    name = cte.expression.alias.lower()
    ctes = Ctes(cte.ctes)
    ctes.add(name, cte)

    def begin(first: Source) -> None:
        cte.source = resolver.recursions.stand_in(renamed(first, names))

    whole = set_operation(resolver, body, cte.outer, ctes, Recursion(name, begin))
    whole = renamed(_sorted(body, whole, Scope(resolver, cte.outer, ctes)), names)
    return resolver.recursions.fill_in(cte.source or Source(), whole)


def _values(values: exp.Expr, scope: Scope) -> Source:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
    provenances = [Provenance() for _ in range(max(map(len, rows), default=0))]
    for row in rows:
        for provenance, expression in zip(provenances, row, strict=False):
            collect(expression, scope, EXPRESSION, provenance)
    alias = values.args.get("alias")
    names = [column.name for column in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    source = Source()
    for index, provenance in enumerate(provenances):
        source.put(names[index] if index < len(names) else scope.resolver.dialect.values_column(index), provenance)
    return source


# ---------------------------------------------------------------------- SELECT


def _select(resolver: Resolver, select: exp.Select, outer: Scope | None, ctes: Ctes) -> Source:
    scope = Scope(resolver, outer, ctes)
    scope.has_levels = select.args.get("connect") is not None
    _read(select, scope)
    source = whole_source(select, scope) or selected(select, scope)
    if resolver.dialect.has_lateral_aliases:
        scope.aliases = source.columns
    args = select.args
    if filters := [args[clause] for clause in _BEFORE_ALIASES if args.get(clause) is not None]:
        use("filter", filters, scope)
    scope.aliases = source.columns
    if filters := [args[clause] for clause in _AFTER_ALIASES if args.get(clause) is not None]:
        use("filter", filters, scope)
    _group(select, source, scope)
    _sorted(select, source, scope)
    return _value_of_kind(args.get("kind"), source)


_BEFORE_ALIASES = ("where", "prewhere", "connect")
_AFTER_ALIASES = ("having", "qualify", "limit", "offset")
"""Clauses that can name the columns of the select list."""


def _read(select: exp.Select, scope: Scope) -> None:
    """Reads FROM, its joins and the WINDOW clause."""
    source = select.args.get("from_")
    if source is not None:
        add_source(source.this, scope)
    match = select.args.get("match")
    if match is not None:
        scope.sources = {match.alias.lower(): matched(all_of(scope), match, scope)}
    for join in select.args.get("joins") or ():
        add_join(join, scope)
    for lateral in select.args.get("laterals") or ():
        add_source(lateral, scope)
    for window in select.args.get("windows") or ():
        scope.windows[window.name.lower()] = window


def _group(select: exp.Select, source: Source, scope: Scope) -> None:
    """Notes the uses of GROUP BY and DISTINCT."""
    group, distinct = select.args.get("group"), select.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        on = distinct.args["on"]
        _use_items("group", on.expressions if isinstance(on, exp.Tuple) else [on], source, scope)
    elif distinct is not None:
        _use_provenances("group", (source.columns_provenance(name) for name in source.names()), scope)
    if group is None:
        return
    _use_items("group", group.expressions, source, scope)
    for name in ("grouping_sets", "cube", "rollup"):
        sets = group.args.get(name)
        use("group", sets if isinstance(sets, list) else (), scope)
    if group.args.get("all"):
        for item in select.expressions:
            outside = outside_aggregates(item, scope.resolver.aggregates)
            use("group", [item] if outside is None else outside, scope)


def _use_items(kind: str, items: Iterable[exp.Expr], source: Source, scope: Scope) -> None:
    """Notes uses of expressions, or of positions in the select list."""
    for item in items:
        if isinstance(item, exp.Literal) and not item.is_string:
            _use_provenances(kind, _at(source, item), scope)
        else:
            use(kind, [item], scope)


def _use_provenances(kind: str, provenances: Iterable[Provenance], scope: Scope) -> None:
    for provenance in provenances:
        scope.resolver.use(kind, provenance)


def _at(source: Source, ordinal: exp.Literal) -> list[Provenance]:
    """The column that GROUP BY 2 or ORDER BY 2 means."""
    index = int(ordinal.this) - 1 if ordinal.is_int else -1
    return [source.columns_provenance(name) for name in islice(source.names(), index, index + 1)] if index >= 0 else []


def _sorted(query: exp.Expr, source: Source, scope: Scope) -> Source:
    """Notes the uses of ORDER BY, which looks a name up in the select list first."""
    order = query.args.get("order")
    for item in order.expressions if order is not None else ():
        expression = item.this if isinstance(item, exp.Ordered) else item
        if isinstance(expression, exp.Column) and not expression.table and expression.name.lower() in source:
            scope.resolver.use("sort", source.columns_provenance(expression.name.lower()))
        elif isinstance(expression, exp.Literal):
            _use_provenances("sort", _at(source, expression), scope)
        elif isinstance(expression, exp.Var) and expression.name.upper() == "ALL":
            _use_provenances("sort", (source.columns_provenance(name) for name in source.names()), scope)
        else:
            use("sort", [expression], scope)
    return source


def _value_of_kind(kind: str | None, source: Source) -> Source:
    """BigQuery's SELECT AS STRUCT: as a table it has the columns, as a value it is one struct of them.

    SELECT AS VALUE has one item: as a table it has the fields of that, if it is a struct.
    """
    if kind == "STRUCT":
        source.value = source.row()
    elif kind == "VALUE" and len(source.columns) == 1:
        [value] = source.columns.values()
        source = value.fields if isinstance(value.fields, Source) else source
        source.value = value
    return source
