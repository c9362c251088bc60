"""Expressions: which columns flow into a value, and what happens to them on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import is_aggregate
from artifact_warehouse.lineage.resolver.provenance import (
    AGGREGATE,
    CAST,
    CONDITION,
    EXPRESSION,
    FIELD,
    NOTHING,
    WINDOW,
    Provenance,
)
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import Source
from artifact_warehouse.lineage.resolver.stars import Star, add_star, chosen
from artifact_warehouse.lineage.resolver.structs import (
    MAY_BE_STRUCT,
    fields,
    is_constructor,
    part_of,
    path_of,
    struct_fields,
)
from artifact_warehouse.lineage.resolver.units import is_unit

ITEM_FUNCTIONS = (exp.Unnest, exp.Explode, exp.ExplodeOuter, exp.Posexplode, exp.PosexplodeOuter, exp.Inline)
"""Functions that make a row of each item of a value, and maybe several columns."""


def value_of(expression: exp.Expr, scope: Scope) -> Provenance:
    """The provenance of an expression. For a plain column it is the shared object of that column, not a copy."""
    while type(expression) is exp.Paren:
        expression = expression.args["this"]
    if type(expression) is exp.Column and type(expression.args["this"]) is not exp.Star:
        return scope.column(expression) or NOTHING
    if is_constructor(expression):
        return struct_fields(expression, scope).row()
    if type(expression) in _FIELD_OF:
        return _field_of(expression, scope)
    provenance = Provenance()
    collect(expression, scope, 0, provenance)
    if type(expression) in MAY_BE_STRUCT:
        provenance.fields = fields(expression, scope)
    return provenance


def collect(expression: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    """Add every column in an expression to a provenance, with what happens to it."""
    special = _SPECIAL.get(type(expression))
    if special is not None:
        special(expression, scope, flags, provenance)
        return
    if isinstance(expression, exp.Query):
        _subquery(expression, scope, flags, provenance)
        return
    flags |= EXPRESSION
    while isinstance(expression, exp.Binary) and type(expression) not in _SPECIAL and type(expression) is not exp.Corr:
        # Chains of AND, OR, || and + are thousands of terms long, and lean to the left.
        collect_arguments(expression, scope, flags, provenance, but="this")
        expression = expression.args["this"]
    if type(expression) in _SPECIAL:
        collect(expression, scope, flags, provenance)
        return
    collect_arguments(
        expression, scope, flags | AGGREGATE if isinstance(expression, exp.AggFunc) else flags, provenance
    )


def use(kind: str, expressions: Iterable[exp.Expr], scope: Scope) -> None:
    """Note that the columns in some expressions shape the rows of the query."""
    provenance = Provenance()
    resolver = scope.resolver
    before, resolver.is_noting_uses = resolver.is_noting_uses, True
    for expression in expressions:
        collect(expression, scope, 0, provenance)
    resolver.is_noting_uses = before
    resolver.use(kind, provenance)


def collect_arguments(expression: exp.Expr, scope: Scope, flags: int, provenance: Provenance, but: str = "") -> None:
    """Add the columns in the arguments of an expression to a provenance, `but` in one of them."""
    for name, argument in expression.args.items():
        if name == but:
            continue
        if isinstance(argument, exp.Expr):
            collect(argument, scope, flags, provenance)
        elif type(argument) is list:
            for element in argument:
                if isinstance(element, exp.Expr):
                    collect(element, scope, flags, provenance)


# ---------------------------------------------------------------------- special expressions


def _column(column: exp.Column, scope: Scope, flags: int, provenance: Provenance) -> None:
    if type(column.args["this"]) is exp.Star:  # count(t.*)
        _rows(column.args["this"], column, scope, flags, provenance)
        return
    found = scope.column(column)
    if found:
        provenance.add(found, flags)


def _rows(star: exp.Expr, table: exp.Column | None, scope: Scope, flags: int, provenance: Provenance) -> None:
    """All columns that a star takes: hash(*), object_construct(t.* EXCLUDE (a))."""
    every = Source()
    add_star(every, Star(star, table), scope)
    provenance.add(every.row(), flags)


def _nothing(expression: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    pass


def _star(star: exp.Star, scope: Scope, flags: int, provenance: Provenance) -> None:
    _rows(star, None, scope, flags, provenance)


def _columns(columns: exp.Columns, scope: Scope, flags: int, provenance: Provenance) -> None:
    """COLUMNS(…) in a select item is one column at a time; elsewhere it is all columns that it chooses."""
    every = scope.chosen.get(id(columns))
    if every is None:
        every = scope.chosen[id(columns)] = chosen(columns.this, scope)
    name = scope.resolver.chosen_name
    if name is None or columns.args.get("unpack"):
        provenance.add(every.row(), flags)
    else:
        provenance.add(every.get(name) or NOTHING, flags)


def _anonymous(function: exp.Anonymous, scope: Scope, flags: int, provenance: Provenance) -> None:
    """A function that sqlglot has no class for. A unit of time among its arguments is no column."""
    if path_of(function)[1]:
        _field(function, scope, flags, provenance)
        return
    flags |= EXPRESSION
    if is_aggregate(function, scope.resolver.aggregates):
        flags |= AGGREGATE
    for argument in function.expressions:
        if isinstance(argument, exp.Expr) and not is_unit(argument, scope.resolver.dialect.name):
            collect(argument, scope, flags, provenance)


def _any(expression: exp.Any, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION
    collect_arguments(
        expression,
        scope,
        flags | AGGREGATE if is_aggregate(expression, scope.resolver.aggregates) else flags,
        provenance,
    )


def _timestamp_diff(function: exp.TimestampDiff, scope: Scope, flags: int, provenance: Provenance) -> None:
    """ClickHouse has the unit first; sqlglot parses the last argument as the unit."""
    unit = function.args.get("unit")
    if scope.resolver.dialect.name != "clickhouse" or not isinstance(unit, exp.Var):
        collect_arguments(function, scope, flags | EXPRESSION, provenance)
        return
    collect(function.args["expression"], scope, flags | EXPRESSION, provenance)
    collect(exp.column(unit.name.lower()), scope, flags | EXPRESSION, provenance)


def _table(table: exp.Table, scope: Scope, flags: int, provenance: Provenance) -> None:
    """A relation as the argument of a function."""
    provenance.add(scope.resolver.relation(tuple(part.name for part in table.parts)).row(), flags | EXPRESSION)


def _position(parameter: exp.Parameter, scope: Scope, flags: int, provenance: Provenance) -> None:
    """Snowflake's $1 is a column by its place; any other parameter is none."""
    found = scope.at_position(parameter)
    if found:
        provenance.add(found, flags)


def _count(count: exp.Count, scope: Scope, flags: int, provenance: Provenance) -> None:
    """count(*) counts rows and reads no column."""
    if not isinstance(count.args["this"], exp.Star):
        collect_arguments(count, scope, flags | EXPRESSION | AGGREGATE, provenance)


def _inside(expression: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    collect(expression.args["this"], scope, flags, provenance)


def _cast(cast: exp.Cast, scope: Scope, flags: int, provenance: Provenance) -> None:
    collect(cast.args["this"], scope, flags | CAST, provenance)


def _optional(expression: exp.Expr, name: str, scope: Scope, flags: int, provenance: Provenance) -> None:
    argument = expression.args.get(name)
    if isinstance(argument, exp.Expr):
        collect(argument, scope, flags, provenance)


def _case(case: exp.Case, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION
    _optional(case, "this", scope, flags | CONDITION, provenance)
    for branch in case.args.get("ifs") or ():
        collect(branch, scope, flags, provenance)
    _optional(case, "default", scope, flags, provenance)


def _if(branch: exp.If, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION
    collect(branch.args["this"], scope, flags | CONDITION, provenance)
    _optional(branch, "true", scope, flags, provenance)
    _optional(branch, "false", scope, flags, provenance)


def _window(window: exp.Window, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION | WINDOW
    collect(window.args["this"], scope, flags, provenance)
    named = window.args.get("alias")
    seen = set()
    part: exp.Window | None = window
    while part is not None:
        for expression in part.args.get("partition_by") or ():
            collect(expression, scope, flags | CONDITION, provenance)
        _optional(part, "order", scope, flags | CONDITION, provenance)
        _optional(part, "spec", scope, flags | CONDITION, provenance)
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


def _filter(filtered: exp.Filter, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION
    collect(filtered.args["this"], scope, flags, provenance)
    _optional(filtered, "expression", scope, flags | CONDITION, provenance)


def _within_group(ordered: exp.WithinGroup, scope: Scope, flags: int, provenance: Provenance) -> None:
    flags |= EXPRESSION | AGGREGATE
    collect(ordered.args["this"], scope, flags, provenance)
    _optional(ordered, "expression", scope, flags, provenance)


def _lambda(function: exp.Lambda, scope: Scope, flags: int, provenance: Provenance) -> None:
    inner = Scope(scope.resolver, scope, scope.ctes)
    inner.parameters = {parameter.name.lower(): NOTHING for parameter in function.expressions}
    collect(function.args["this"], inner, flags | EXPRESSION, provenance)


def _comprehension(comprehension: exp.Comprehension, scope: Scope, flags: int, provenance: Provenance) -> None:
    """[x * 2 FOR x IN xs IF x > 1]: the name stands for an item of the list."""
    flags |= EXPRESSION
    _optional(comprehension, "iterator", scope, flags, provenance)
    inner = Scope(scope.resolver, scope, scope.ctes)
    inner.parameters = {comprehension.expression.name.lower(): NOTHING}
    for name in ("this", "condition"):
        _optional(comprehension, name, inner, flags, provenance)


def _subquery(query: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    source = scope.subquery(query)
    for name in source.names():
        provenance.add(source.columns_provenance(name), flags | EXPRESSION)


def _exists(exists: exp.Exists, scope: Scope, flags: int, provenance: Provenance) -> None:
    """EXISTS takes no value of its query. The columns that decide whether there are rows are a condition."""
    query = exists.args["this"]
    if isinstance(query, exp.Query):
        deciding = scope.deciding(query)
        if not scope.resolver.is_noting_uses:
            provenance.add(deciding, flags | EXPRESSION | CONDITION)
        source = scope.subquery(query)
        for name in source.names():
            scope.resolver.use("filter", source.columns_provenance(name))
    else:  # exists(array, x -> …)
        collect_arguments(exists, scope, flags | EXPRESSION, provenance)


def _row_maker(function: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    """UNNEST or explode in a select list: it makes rows, so its argument is also a use."""
    items = Provenance()
    collect_arguments(function, scope, FIELD if isinstance(function, ITEM_FUNCTIONS) else EXPRESSION, items)
    scope.resolver.use("join", items)
    provenance.add(items, flags)


def _named_argument(argument: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    _optional(argument, "expression", scope, flags, provenance)


def _dot(dot: exp.Dot, scope: Scope, flags: int, provenance: Provenance) -> None:
    """A field of a value, or a function in a schema."""
    value, member = dot.args["this"], dot.args["expression"]
    if isinstance(member, exp.Func):
        collect(member, scope, flags | EXPRESSION, provenance)
        if not isinstance(value, (exp.Identifier, exp.Column, exp.Var)):
            collect(value, scope, flags | FIELD, provenance)
        return
    _field(dot, scope, flags, provenance)


def _field(expression: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    provenance.add(_field_of(expression, scope), flags)


def _field_of(expression: exp.Expr, scope: Scope) -> Provenance:
    """A field of a value: one that the query builds into a struct, or a part of the whole value."""
    base, steps = path_of(expression)
    if not steps:
        provenance = Provenance()
        collect(expression, scope, 0, provenance)
        if type(expression) in MAY_BE_STRUCT:
            provenance.fields = fields(expression, scope)
        return provenance
    part, is_found = part_of(value_of(base, scope), steps)
    return part if is_found else part.through(FIELD)


def _json(extract: exp.Expr, scope: Scope, flags: int, provenance: Provenance) -> None:
    if "this" not in extract.args:  # Exasol's JSON_EXTRACT takes several paths
        collect_arguments(extract, scope, flags | FIELD, provenance)
        return
    collect(extract.args["this"], scope, flags | FIELD, provenance)
    path = extract.args.get("expression")
    if isinstance(path, exp.Expr) and type(path) not in (exp.JSONPath, exp.Literal, exp.Identifier):
        collect(path, scope, flags | EXPRESSION, provenance)


def _bracket(bracket: exp.Bracket, scope: Scope, flags: int, provenance: Provenance) -> None:
    if path_of(bracket)[1]:
        _field(bracket, scope, flags, provenance)
        return
    indexes = [index for index in bracket.expressions if isinstance(index, exp.Expr)]
    is_constant = all(isinstance(index, (exp.Literal, exp.Anonymous, exp.Slice)) for index in indexes)
    collect(bracket.args["this"], scope, flags | FIELD, provenance)
    if not is_constant or any(index.find(exp.Column) for index in indexes):
        for index in indexes:
            collect(index, scope, flags | EXPRESSION, provenance)


_FIELD_OF = {exp.Bracket, exp.Dot, exp.StructExtract}

Special = Callable[[Any, Scope, int, Provenance], None]

_SPECIAL: dict[type[exp.Expr], Special] = {
    **dict.fromkeys(
        (exp.Literal, exp.Identifier, exp.DataType, exp.Var, exp.Null, exp.Boolean, exp.JSONPath), _nothing
    ),
    exp.Placeholder: _nothing,
    **dict.fromkeys((exp.Paren, exp.Alias), _inside),
    **dict.fromkeys((exp.Cast, exp.TryCast), _cast),
    **dict.fromkeys((exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery), _subquery),
    **dict.fromkeys((exp.Kwarg, exp.PropertyEQ), _named_argument),
    **dict.fromkeys((exp.JSONExtract, exp.JSONExtractScalar), _json),
    **dict.fromkeys((*ITEM_FUNCTIONS, exp.GenerateSeries), _row_maker),
    exp.Anonymous: _anonymous,
    exp.Any: _any,
    exp.Bracket: _bracket,
    exp.Case: _case,
    exp.Column: _column,
    exp.Columns: _columns,
    exp.Comprehension: _comprehension,
    exp.Count: _count,
    exp.Dot: _dot,
    exp.Exists: _exists,
    exp.Filter: _filter,
    exp.If: _if,
    exp.Lambda: _lambda,
    exp.Parameter: _position,
    exp.Star: _star,
    exp.StructExtract: _field,
    exp.Table: _table,
    exp.TimestampDiff: _timestamp_diff,
    exp.Window: _window,
    exp.WithinGroup: _within_group,
}
