"""Queries: SELECT, set operations, VALUES and CTEs, each resolved to a frame from what is inside of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice

from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import outside_aggregates
from artifact_warehouse.lineage.resolver.ctes import Cte, Ctes
from artifact_warehouse.lineage.resolver.expressions import collect, collect_arguments, use, value_of
from artifact_warehouse.lineage.resolver.flows import EXPRESSION, Flow
from artifact_warehouse.lineage.resolver.frames import Frame, renamed
from artifact_warehouse.lineage.resolver.model import UnreadableSql
from artifact_warehouse.lineage.resolver.pivots import matched
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.select_list import selected
from artifact_warehouse.lineage.resolver.setoperations import Recursion, is_recursive, set_operation
from artifact_warehouse.lineage.resolver.sources import add_join, add_source
from artifact_warehouse.lineage.resolver.stars import all_of, whole_frame
from artifact_warehouse.lineage.resolver.walk import Walk

_IMPLICITLY_RECURSIVE = {None, "fabric", "oracle", "snowflake", "tsql", "teradata"}
"""Dialects where a CTE may read itself without the word RECURSIVE."""


def frame_of_query(walk: Walk, query: exp.Expr) -> Frame:
    """The frame of a whole text's query."""
    walk.query = partial(_query, walk)
    walk.cte = partial(_cte, walk)
    walk.with_ctes = partial(_with, walk)
    walk.value_of, walk.collect_arguments = value_of, collect_arguments
    try:
        return walk.query(query, None, Ctes())
    finally:
        del walk.query, walk.cte, walk.with_ctes  # a circle is garbage that only a search would find


def _query(walk: Walk, query: exp.Expr, outer: Scope | None, ctes: Ctes) -> Frame:
    walk.check_budget()
    if isinstance(query, exp.Select):
        return _select(walk, query, outer, _with(walk, query, outer, ctes))
    if isinstance(query, exp.SetOperation):
        return _sorted(query, set_operation(walk, query, outer, ctes), Scope(walk, outer, ctes))
    if isinstance(query, exp.Values):
        return _values(query, Scope(walk, outer, ctes))
    if isinstance(query, exp.Subquery):
        ctes = _with(walk, query, outer, ctes)
        if isinstance(query.this, exp.Query) and not query.args.get("joins") and not query.args.get("pivots"):
            frame = _query(walk, query.this, outer, ctes)
            return frame if not query.args.get("order") else _sorted(query, frame, Scope(walk, outer, ctes))
    elif isinstance(query, exp.From):
        query = query.this
    elif not isinstance(query, (exp.Table, exp.Pivot)):
        found = query.find(exp.Select, exp.SetOperation)
        if found is None:
            raise UnreadableSql(f"there is no query in it, but {query.key.upper()}")
        return _query(walk, found, outer, ctes)
    scope = Scope(walk, outer, ctes)
    add_source(query, scope)
    return next(iter(scope.frames.values())) if len(scope.frames) == 1 else all_of(scope)


# ---------------------------------------------------------------------- CTEs


def _with(walk: Walk, query: exp.Expr, outer: Scope | None, ctes: Ctes) -> Ctes:
    """The CTEs that a query can read. Each can read those before it; with RECURSIVE all, and itself."""
    clause = query.args.get("with_")
    if clause is None:
        return ctes
    is_recursive = bool(clause.args.get("recursive")) or walk.dialect.name in _IMPLICITLY_RECURSIVE
    visible = Ctes(ctes)
    for expression in clause.expressions:
        name = expression.alias.lower()
        cte = Cte(expression, outer, visible if clause.args.get("recursive") else visible.before(), is_recursive)
        if name in walk.ephemerals:
            cte.frame = walk.frame_of(walk.ephemerals[name])
        visible.add(name, cte)
        walk.ctes.append(cte)
    return visible


def _cte(walk: Walk, cte: Cte) -> Frame:
    """The frame of a CTE, resolved when it is first read."""
    if cte.frame is not None:
        return cte.frame
    alias = cte.expression.args["alias"]
    names = [column.name for column in alias.args.get("columns") or ()]
    body, name = cte.expression.this, cte.expression.alias.lower()
    cte.frame = Frame()  # to what reads itself without being recursive
    with walk.apart():
        if cte.is_recursive and isinstance(body, exp.SetOperation) and is_recursive(body, name):
            cte.frame = _recursive(walk, cte, body, names)
        else:
            cte.frame = renamed(_query(walk, body, cte.outer, cte.ctes), names)
    cte.ctes = Ctes()  # it reads no more: no circle of CTEs that can read each other is left
    return cte.frame


def _recursive(walk: Walk, cte: Cte, body: exp.SetOperation, names: list[str]) -> Frame:
    """Its first parts, then over stand-ins for their columns those that read it."""
    name = cte.expression.alias.lower()
    ctes = Ctes(cte.ctes)
    ctes.add(name, cte)

    def begin(first: Frame) -> None:
        cte.frame = walk.recursions.stand_in(renamed(first, names))

    whole = set_operation(walk, body, cte.outer, ctes, Recursion(name, begin))
    whole = renamed(_sorted(body, whole, Scope(walk, cte.outer, ctes)), names)
    return walk.recursions.fill_in(cte.frame or Frame(), whole)


def _values(values: exp.Expr, scope: Scope) -> Frame:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
    flows = [Flow() for _ in range(max(map(len, rows), default=0))]
    for row in rows:
        for flow, expression in zip(flows, row, strict=False):
            collect(expression, scope, EXPRESSION, flow)
    alias = values.args.get("alias")
    names = [column.name for column in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    frame = Frame()
    for index, flow in enumerate(flows):
        frame.put(names[index] if index < len(names) else scope.walk.dialect.values_column(index), flow)
    return frame


# ---------------------------------------------------------------------- SELECT


def _select(walk: Walk, select: exp.Select, outer: Scope | None, ctes: Ctes) -> Frame:
    scope = Scope(walk, outer, ctes)
    scope.has_levels = select.args.get("connect") is not None
    _read(select, scope)
    frame = whole_frame(select, scope) or selected(select, scope)
    if walk.dialect.has_lateral_aliases:
        scope.aliases = frame.columns
    args = select.args
    use("filter", [args[clause] for clause in _BEFORE_ALIASES if args.get(clause) is not None], scope)
    scope.aliases = frame.columns
    use("filter", [args[clause] for clause in _AFTER_ALIASES if args.get(clause) is not None], scope)
    _group(select, frame, scope)
    _sorted(select, frame, scope)
    return _value_of_kind(args.get("kind"), frame)


_BEFORE_ALIASES = ("where", "prewhere", "connect")
_AFTER_ALIASES = ("having", "qualify", "limit", "offset")
"""Clauses that can name the columns of the select list."""


def _read(select: exp.Select, scope: Scope) -> None:
    """FROM, its joins, and what the windows are called."""
    source = select.args.get("from_")
    if source is not None:
        add_source(source.this, scope)
    match = select.args.get("match")
    if match is not None:
        scope.frames = {match.alias.lower(): matched(all_of(scope), match, scope)}
    for join in select.args.get("joins") or ():
        add_join(join, scope)
    for lateral in select.args.get("laterals") or ():
        add_source(lateral, scope)
    for window in select.args.get("windows") or ():
        scope.windows[window.name.lower()] = window


def _group(select: exp.Select, frame: Frame, scope: Scope) -> None:
    """GROUP BY and DISTINCT: what makes one row of many."""
    group, distinct = select.args.get("group"), select.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        on = distinct.args["on"]
        _use_items("group", on.expressions if isinstance(on, exp.Tuple) else [on], frame, scope)
    elif distinct is not None:
        _use_flows("group", (frame.columns_flow(name) for name in frame.names()), scope)
    if group is None:
        return
    _use_items("group", group.expressions, frame, scope)
    for name in ("grouping_sets", "cube", "rollup"):
        sets = group.args.get(name)
        use("group", sets if isinstance(sets, list) else (), scope)
    if group.args.get("all"):
        for item in select.expressions:
            outside = outside_aggregates(item, scope.walk.aggregates)
            use("group", [item] if outside is None else outside, scope)


def _use_items(kind: str, items: Iterable[exp.Expr], frame: Frame, scope: Scope) -> None:
    """Expressions, or the places of columns in the select list."""
    for item in items:
        if isinstance(item, exp.Literal) and not item.is_string:
            _use_flows(kind, _at(frame, item), scope)
        else:
            use(kind, [item], scope)


def _use_flows(kind: str, flows: Iterable[Flow], scope: Scope) -> None:
    for flow in flows:
        scope.walk.use(kind, flow)


def _at(frame: Frame, ordinal: exp.Literal) -> list[Flow]:
    """The column that GROUP BY 2 or ORDER BY 2 means."""
    index = int(ordinal.this) - 1 if ordinal.is_int else -1
    return [frame.columns_flow(name) for name in islice(frame.names(), index, index + 1)] if index >= 0 else []


def _sorted(query: exp.Expr, frame: Frame, scope: Scope) -> Frame:
    """ORDER BY prefers the columns of the select list to those that it reads."""
    order = query.args.get("order")
    for item in order.expressions if order is not None else ():
        expression = item.this if isinstance(item, exp.Ordered) else item
        if isinstance(expression, exp.Column) and not expression.table and expression.name.lower() in frame:
            scope.walk.use("sort", frame.columns_flow(expression.name.lower()))
        elif isinstance(expression, exp.Literal):
            _use_flows("sort", _at(frame, expression), scope)
        elif isinstance(expression, exp.Var) and expression.name.upper() == "ALL":
            _use_flows("sort", (frame.columns_flow(name) for name in frame.names()), scope)
        else:
            use("sort", [expression], scope)
    return frame


def _value_of_kind(kind: str | None, frame: Frame) -> Frame:
    """BigQuery's SELECT AS STRUCT: as a table it has the columns, as a value it is one struct of them.

    SELECT AS VALUE has one item: as a table it has the fields of that, if it is a struct.
    """
    if kind == "STRUCT":
        frame.value = frame.row()
    elif kind == "VALUE" and len(frame.columns) == 1:
        [value] = frame.columns.values()
        frame = value.fields if isinstance(value.fields, Frame) else frame
        frame.value = value
    return frame
