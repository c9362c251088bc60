"""Queries: SELECT, set operations, VALUES and CTEs, each resolved to a frame from what is inside of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from itertools import islice

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import ITEM_FUNCTIONS, collect, use, value_of
from artifact_warehouse.lineage.resolver.flows import AGGREGATE, EXPRESSION, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import Frame, FunctionFrame, renamed
from artifact_warehouse.lineage.resolver.model import UnreadableSql
from artifact_warehouse.lineage.resolver.pivots import matched
from artifact_warehouse.lineage.resolver.scopes import Cte, Ctes, Scope, Walk
from artifact_warehouse.lineage.resolver.setoperations import Recursion, is_recursive, set_operation
from artifact_warehouse.lineage.resolver.sources import add_join, add_source
from artifact_warehouse.lineage.resolver.stars import add_fields, add_star, all_of, struct_fields, whole_frame

UNNAMED = "_col_"
"""How a column begins, before its place, that only the database has a name for."""

_IMPLICITLY_RECURSIVE = {None, "fabric", "oracle", "snowflake", "tsql", "teradata"}
"""Dialects where a CTE may read itself without the word RECURSIVE."""


def frame_of_query(walk: Walk, query: exp.Expr) -> Frame:
    """The frame of a whole text's query."""
    walk.query = partial(_query, walk)
    walk.cte = partial(_cte, walk)
    walk.with_ctes = partial(_with, walk)
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
    return visible


def _cte(walk: Walk, cte: Cte) -> Frame:
    """The frame of a CTE, resolved when it is first read."""
    if cte.frame is not None:
        return cte.frame
    alias = cte.expression.args["alias"]
    names = [column.name for column in alias.args.get("columns") or ()]
    body, name = cte.expression.this, cte.expression.alias.lower()
    cte.frame = Frame()  # to what reads itself without being recursive
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
    scope.value_of = value_of
    _read(select, scope)
    frame = whole_frame(select, scope) or _selected(select, scope)
    if walk.dialect.has_lateral_aliases:
        scope.aliases = frame.columns
    args = select.args
    use("filter", [args[clause] for clause in _BEFORE_ALIASES if args.get(clause) is not None], scope)
    scope.aliases = frame.columns
    use("filter", [args[clause] for clause in _AFTER_ALIASES if args.get(clause) is not None], scope)
    _group(select, frame, scope)
    _sorted(select, frame, scope)
    return _struct_of(frame) if args.get("kind") == "STRUCT" else frame


_BEFORE_ALIASES = ("where", "prewhere", "connect")
_AFTER_ALIASES = ("having", "qualify", "limit", "offset")
"""Clauses that can name the columns of the select list."""


def _selected(select: exp.Select, scope: Scope) -> Frame:
    frame = Frame()
    scope.earlier = frame.columns
    items = select.expressions
    if scope.walk.dialect.has_lateral_aliases:
        aliases = [item for item in items if type(item) is exp.Alias]
        scope.aliased = {item.alias.lower(): item.this for item in aliases}
        if len(scope.aliased) < len(aliases):  # one that is there twice stands for neither before its turn
            counts = Counter(item.alias.lower() for item in aliases)
            scope.aliased = {name: item for name, item in scope.aliased.items() if counts[name] == 1}
    for index, item in enumerate(items):
        _add_item(frame, item, index, scope)
    return frame


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


def _add_item(frame: Frame, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add one item of a select list."""
    if isinstance(item, exp.Alias):
        name = item.args["alias"].name
        flow = _aliased(name.lower(), item.this, scope)
        frame.put(name, flow)
        if scope.walk.dialect.has_lateral_aliases:
            scope.aliases.setdefault(name.lower(), flow)
    elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
        add_star(frame, item.this, item, scope)
    elif isinstance(item, exp.Column):
        frame.put(item.name, scope.column(item) or NOTHING)
    elif isinstance(item, exp.Star):
        add_star(frame, item, None, scope)
    elif isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
        add_fields(frame, item, scope)
    elif isinstance(item, exp.Aliases):
        flow = value_of(item.this, scope)
        for column in item.expressions:
            frame.put(column.name, flow)
    elif isinstance(item, exp.PropertyEQ):  # DuckDB: SELECT name: expression
        frame.put(item.this.name, _aliased(item.this.name.lower(), item.expression, scope))
    else:
        _add_unnamed(frame, item, index, scope)


def _add_unnamed(frame: Frame, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add an item that the database finds a name for, or several columns that a function makes."""
    is_duckdb = scope.walk.dialect.name == "duckdb"
    if is_duckdb and isinstance(item, ITEM_FUNCTIONS) and (fields := struct_fields(item, scope)) is not None:
        for name in fields.names():
            frame.put(fields.spelling(name), fields.columns_flow(name))
    elif is_duckdb and item.find(exp.Columns) is not None:
        _add_matching(frame, item, scope)
    else:
        flow = value_of(item, scope)
        frame.put(item.output_name or f"{UNNAMED}{index}", flow)
        if isinstance(item, ITEM_FUNCTIONS):
            frame.unlisted.append(FunctionFrame(flow))


def _aliased(name: str, expression: exp.Expr, scope: Scope) -> Flow:
    """The value of an aliased item, which earlier ones may have asked for, and which does not mean itself."""
    if name in scope.aliased and scope.aliased[name] is expression:
        return scope.alias(name) or NOTHING
    return value_of(expression, scope)


def _add_matching(frame: Frame, item: exp.Expr, scope: Scope) -> None:
    """DuckDB's COLUMNS(…): the item once for each column that matches."""
    [columns] = list(item.find_all(exp.Columns))[:1]
    pattern = columns.this
    every = Frame()
    if isinstance(pattern, exp.Star):
        add_star(every, pattern, None, scope)
    else:
        every = all_of(scope)
    flags = 0 if item is columns else EXPRESSION | (AGGREGATE if columns.find_ancestor(exp.AggFunc) else 0)
    is_pattern = isinstance(pattern, exp.Literal) and pattern.is_string
    for name in list(every.names()):
        if not is_pattern or _matches(pattern.this, every.spelling(name)):
            flow = every.columns_flow(name)
            frame.put(every.spelling(name), flow.through(flags) if flags else flow)
    frame.unlisted += every.unlisted


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True


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
            if item.find(exp.AggFunc) is None:
                use("group", [item], scope)


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
        else:
            use("sort", [expression], scope)
    return frame


def _struct_of(frame: Frame) -> Frame:
    """BigQuery's SELECT AS STRUCT: as a table it has the columns, as a value it is one struct of them."""
    frame.value = frame.row()
    return frame
