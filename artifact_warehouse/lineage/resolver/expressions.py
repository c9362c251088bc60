"""Expressions: which columns flow into a value, and what happens to them on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from artifact_warehouse.lineage.resolver.flows import (
    AGGREGATE,
    CAST,
    CONDITION,
    EXPRESSION,
    FIELD,
    NOTHING,
    WINDOW,
    Flow,
)
from artifact_warehouse.lineage.resolver.frames import Frame, union
from artifact_warehouse.lineage.resolver.scopes import Scope

ITEM_FUNCTIONS = (exp.Unnest, exp.Explode, exp.ExplodeOuter, exp.Posexplode, exp.PosexplodeOuter, exp.Inline)
"""Functions that make rows of the items of a value, and columns, as many as they like, of their fields."""


def value_of(expression: exp.Expr, scope: Scope) -> Flow:
    """The flow of an expression. That of a mere column is the column's own, shared, not a copy."""
    while type(expression) is exp.Paren:
        expression = expression.args["this"]
    if type(expression) is exp.Column and type(expression.args["this"]) is not exp.Star:
        return scope.column(expression) or NOTHING
    if isinstance(expression, exp.Struct):
        return _struct(expression, scope).row()
    flow = Flow()
    collect(expression, scope, 0, flow)
    if type(expression) in _MAY_BE_STRUCT:
        flow.fields = _fields(expression, scope)
    return flow


def collect(expression: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    """Add every column in an expression to a flow, with what happens to it."""
    special = _SPECIAL.get(type(expression))
    if special is not None:
        special(expression, scope, flags, flow)
        return
    if isinstance(expression, exp.Query):
        _subquery(expression, scope, flags, flow)
        return
    flags |= EXPRESSION
    while isinstance(expression, exp.Binary) and type(expression) not in _SPECIAL:
        # Chains of AND, OR, || and + are thousands of terms long, and lean to the left.
        _collect_arguments(expression, scope, flags, flow, but="this")
        expression = expression.args["this"]
    if type(expression) in _SPECIAL:
        collect(expression, scope, flags, flow)
        return
    _collect_arguments(expression, scope, flags | AGGREGATE if isinstance(expression, exp.AggFunc) else flags, flow)


def use(kind: str, expressions: Iterable[exp.Expr], scope: Scope) -> None:
    """Note that the columns in some expressions shape the rows of the query."""
    flow = Flow()
    for expression in expressions:
        collect(expression, scope, 0, flow)
    scope.walk.use(kind, flow)


def _collect_arguments(expression: exp.Expr, scope: Scope, flags: int, flow: Flow, but: str = "") -> None:
    for name, argument in expression.args.items():
        if name == but:
            continue
        if isinstance(argument, exp.Expr):
            collect(argument, scope, flags, flow)
        elif type(argument) is list:
            for element in argument:
                if isinstance(element, exp.Expr):
                    collect(element, scope, flags, flow)


# ---------------------------------------------------------------------- what is not merely the sum of its parts


def _column(column: exp.Column, scope: Scope, flags: int, flow: Flow) -> None:
    if type(column.args["this"]) is exp.Star:  # count(t.*)
        frame = scope.find_frame(column.table.lower())
        if frame is not None:
            flow.add(frame.row(), flags)
        return
    found = scope.column(column)
    if found:
        flow.add(found, flags)


def _nothing(expression: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    pass


def _star(star: exp.Star, scope: Scope, flags: int, flow: Flow) -> None:
    """All columns: hash(*), object_construct(*)."""
    for frame in scope.frames.values():
        flow.add(frame.row(), flags)


def _count(count: exp.Count, scope: Scope, flags: int, flow: Flow) -> None:
    """Of rows, it counts no column."""
    if not isinstance(count.args["this"], exp.Star):
        _collect_arguments(count, scope, flags | EXPRESSION | AGGREGATE, flow)


def _inside(expression: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    collect(expression.args["this"], scope, flags, flow)


def _cast(cast: exp.Cast, scope: Scope, flags: int, flow: Flow) -> None:
    collect(cast.args["this"], scope, flags | CAST, flow)


def _optional(expression: exp.Expr, name: str, scope: Scope, flags: int, flow: Flow) -> None:
    argument = expression.args.get(name)
    if isinstance(argument, exp.Expr):
        collect(argument, scope, flags, flow)


def _case(case: exp.Case, scope: Scope, flags: int, flow: Flow) -> None:
    flags |= EXPRESSION
    _optional(case, "this", scope, flags | CONDITION, flow)
    for branch in case.args.get("ifs") or ():
        collect(branch, scope, flags, flow)
    _optional(case, "default", scope, flags, flow)


def _if(branch: exp.If, scope: Scope, flags: int, flow: Flow) -> None:
    flags |= EXPRESSION
    collect(branch.args["this"], scope, flags | CONDITION, flow)
    _optional(branch, "true", scope, flags, flow)
    _optional(branch, "false", scope, flags, flow)


def _window(window: exp.Window, scope: Scope, flags: int, flow: Flow) -> None:
    flags |= EXPRESSION | WINDOW
    collect(window.args["this"], scope, flags, flow)
    named = window.args.get("alias")
    seen = set()
    part: exp.Window | None = window
    while part is not None:
        for expression in part.args.get("partition_by") or ():
            collect(expression, scope, flags | CONDITION, flow)
        _optional(part, "order", scope, flags | CONDITION, flow)
        _optional(part, "spec", scope, flags | CONDITION, flow)
        name = named.name.lower() if named is not None else ""
        part = None if name in seen else _named_window(name, scope)
        seen.add(name)
        named = (part.args.get("alias") or part.args.get("first")) if part is not None else None
        named = named if isinstance(named, exp.Expr) else None


def _named_window(name: str, scope: Scope | None) -> exp.Window | None:
    while name and scope is not None:
        if name in scope.windows:
            return scope.windows[name]
        scope = scope.outer
    return None


def _filter(filtered: exp.Filter, scope: Scope, flags: int, flow: Flow) -> None:
    flags |= EXPRESSION
    collect(filtered.args["this"], scope, flags, flow)
    _optional(filtered, "expression", scope, flags | CONDITION, flow)


def _within_group(ordered: exp.WithinGroup, scope: Scope, flags: int, flow: Flow) -> None:
    flags |= EXPRESSION | AGGREGATE
    collect(ordered.args["this"], scope, flags, flow)
    _optional(ordered, "expression", scope, flags, flow)


def _lambda(function: exp.Lambda, scope: Scope, flags: int, flow: Flow) -> None:
    inner = Scope(scope.walk, scope, scope.ctes)
    inner.parameters = {parameter.name.lower(): NOTHING for parameter in function.expressions}
    collect(function.args["this"], inner, flags | EXPRESSION, flow)


def _comprehension(comprehension: exp.Comprehension, scope: Scope, flags: int, flow: Flow) -> None:
    """[x * 2 FOR x IN xs IF x > 1]: the name stands for an item of the list."""
    flags |= EXPRESSION
    _optional(comprehension, "iterator", scope, flags, flow)
    inner = Scope(scope.walk, scope, scope.ctes)
    inner.parameters = {comprehension.expression.name.lower(): NOTHING}
    for name in ("this", "condition"):
        _optional(comprehension, name, inner, flags, flow)


def _subquery(query: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    frame = scope.subquery(query)
    for name in frame.names():
        flow.add(frame.columns_flow(name), flags | EXPRESSION)


def _exists(exists: exp.Exists, scope: Scope, flags: int, flow: Flow) -> None:
    """Only whether there are rows matters: what its query selects flows nowhere, what it filters by is a use."""
    query = exists.args["this"]
    if isinstance(query, exp.Query):
        frame = scope.subquery(query)
        for name in frame.names():
            scope.walk.use("filter", frame.columns_flow(name))
    else:  # exists(array, x -> …)
        _collect_arguments(exists, scope, flags | EXPRESSION, flow)


def _row_maker(function: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    """Unnest, explode: as many rows as items. That shapes all columns."""
    items = Flow()
    _collect_arguments(function, scope, FIELD if isinstance(function, ITEM_FUNCTIONS) else EXPRESSION, items)
    scope.walk.use("join", items)
    flow.add(items, flags)


def _named_argument(argument: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    _optional(argument, "expression", scope, flags, flow)


def _dot(dot: exp.Dot, scope: Scope, flags: int, flow: Flow) -> None:
    """A field of a value, or a function in a schema."""
    value, member = dot.args["this"], dot.args["expression"]
    if isinstance(member, exp.Func):
        collect(member, scope, flags | EXPRESSION, flow)
        if not isinstance(value, (exp.Identifier, exp.Column, exp.Var)):
            collect(value, scope, flags | FIELD, flow)
        return
    path: list[str] = []
    base: exp.Expr = dot
    while isinstance(base, (exp.Dot, exp.Paren)):
        if isinstance(base, exp.Dot):
            path.insert(0, base.expression.name.lower())
        base = base.args["this"]
    whole = value_of(base, scope) if isinstance(base, exp.Expr) else NOTHING
    part = whole
    for name in path:
        found = part.fields.get(name) if isinstance(part.fields, Frame) else None
        if found is None:
            flow.add(part, flags | FIELD)
            return
        part = found
    flow.add(part, flags)


def _json(extract: exp.Expr, scope: Scope, flags: int, flow: Flow) -> None:
    collect(extract.args["this"], scope, flags | FIELD, flow)
    path = extract.args.get("expression")
    if isinstance(path, exp.Expr) and type(path) not in (exp.JSONPath, exp.Literal, exp.Identifier):
        collect(path, scope, flags | EXPRESSION, flow)


def _bracket(bracket: exp.Bracket, scope: Scope, flags: int, flow: Flow) -> None:
    indexes = [index for index in bracket.expressions if isinstance(index, exp.Expr)]
    is_constant = all(isinstance(index, (exp.Literal, exp.Anonymous, exp.Slice)) for index in indexes)
    collect(bracket.args["this"], scope, flags | FIELD, flow)
    if not is_constant or any(index.find(exp.Column) for index in indexes):
        for index in indexes:
            collect(index, scope, flags | EXPRESSION, flow)


# ---------------------------------------------------------------------- structs that a query builds

_MAY_BE_STRUCT = {
    *(exp.AnyValue, exp.ArrayAgg, exp.Bracket, exp.Column, exp.First, exp.Limit, exp.Order, exp.Paren, exp.Struct),
    *(exp.Subquery, exp.Array, exp.Max, exp.Min, exp.ArgMax, exp.ArgMin),
}


def _fields(expression: exp.Expr, scope: Scope) -> Frame | None:
    """The fields of a struct-valued expression: struct(a, b AS c), array_agg(row)[0], any_value(t)."""
    kind = type(expression)
    if isinstance(expression, exp.Struct):
        return _struct(expression, scope)
    if kind is exp.Column:
        return None if expression.args.get("table") is not None else _fields_of_name(expression.name.lower(), scope)
    if kind is exp.Array:
        return _fields_of_all([_fields(item, scope) for item in expression.expressions])
    if kind is exp.Subquery or kind is exp.Select:
        query = expression.args["this"] if kind is exp.Subquery else expression
        if type(query) is exp.Select and query.args.get("kind") == "STRUCT":
            return scope.subquery(expression)
        return None
    if kind in _MAY_BE_STRUCT and isinstance(expression.args.get("this"), exp.Expr):
        frame = _fields(expression.args["this"], scope)
        if frame is not None:  # which of the rows it is, by their order or by an index, shapes all fields
            deciding = Flow()
            _collect_arguments(expression, scope, 0, deciding, but="this")
            scope.walk.use("sort", deciding)
        return frame
    return None


def _fields_of_all(frames: list[Frame | None]) -> Frame | None:
    """The fields of an array's items, which are structs of one type: by position."""
    if not frames or frames[0] is None:
        return None
    result = Frame()
    flows = [list(frame.columns.values()) for frame in frames if frame is not None]
    for index, name in enumerate(frames[0].columns):
        same = [of_item[index] for of_item in flows if index < len(of_item)]
        result.put(frames[0].spelling(name), union(same) if len(same) > 1 else same[0])
    return result


def _fields_of_name(name: str, scope: Scope) -> Frame | None:
    flow = scope.find_name(name)
    return flow.fields if flow is not None and isinstance(flow.fields, Frame) else None


def _struct(struct: exp.Struct, scope: Scope) -> Frame:
    frame = Frame()
    for index, member in enumerate(struct.expressions):
        if isinstance(member, exp.PropertyEQ):
            name, value = member.this.name, member.expression
        else:
            name, value = member.alias_or_name, member.this if isinstance(member, exp.Alias) else member
        frame.put(name or f"_field_{index + 1}", value_of(value, scope))
    return frame


Special = Callable[[Any, Scope, int, Flow], None]

_SPECIAL: dict[type[exp.Expr], Special] = {
    **dict.fromkeys(
        (exp.Literal, exp.Identifier, exp.DataType, exp.Var, exp.Null, exp.Boolean, exp.JSONPath), _nothing
    ),
    **dict.fromkeys((exp.Placeholder, exp.Parameter), _nothing),
    **dict.fromkeys((exp.Paren, exp.Alias), _inside),
    **dict.fromkeys((exp.Cast, exp.TryCast), _cast),
    **dict.fromkeys((exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery), _subquery),
    **dict.fromkeys((exp.Kwarg, exp.PropertyEQ), _named_argument),
    **dict.fromkeys((exp.JSONExtract, exp.JSONExtractScalar), _json),
    **dict.fromkeys((*ITEM_FUNCTIONS, exp.GenerateSeries), _row_maker),
    exp.Bracket: _bracket,
    exp.Case: _case,
    exp.Column: _column,
    exp.Comprehension: _comprehension,
    exp.Count: _count,
    exp.Dot: _dot,
    exp.Exists: _exists,
    exp.Filter: _filter,
    exp.If: _if,
    exp.Lambda: _lambda,
    exp.Star: _star,
    exp.Window: _window,
    exp.WithinGroup: _within_group,
}
