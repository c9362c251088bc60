"""Structs that a query builds: each field has its own provenance."""

from __future__ import annotations

from sqlglot import exp

from artifact_warehouse.lineage.resolver.provenance import CAST, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import Source, union
from artifact_warehouse.lineage.resolver.stars import chosen

_SAME_FIELDS = (
    *(exp.AnyValue, exp.ArrayAgg, exp.Bracket, exp.First, exp.Limit, exp.Order, exp.Paren, exp.Max, exp.Min),
    *(exp.ArgMax, exp.ArgMin),
)
"""Expressions that have the fields of their first argument, or of its items."""
MAY_BE_STRUCT = {*_SAME_FIELDS, exp.Column, exp.Struct, exp.Subquery, exp.Array, exp.Cast, exp.TryCast}

Step = str | int
"""A field by its lower-case name, or by its place, counted from 0."""


def fields(expression: exp.Expr, scope: Scope) -> Source | None:
    """The fields of a struct-valued expression: struct(a, b AS c), array_agg(row)[0], any_value(t)."""
    kind = type(expression)
    if is_constructor(expression):
        return struct_fields(expression, scope)
    if kind is exp.Column:
        return None if expression.args.get("table") is not None else _fields_of_name(expression.name.lower(), scope)
    if kind is exp.Array:
        return _fields_of_all([fields(item, scope) for item in expression.expressions])
    if kind in (exp.Cast, exp.TryCast):
        return _cast(fields(expression.this, scope), expression.args.get("to"))
    if kind is exp.Subquery or kind is exp.Select:
        query = expression.args["this"] if kind is exp.Subquery else expression
        if type(query) is exp.Select and query.args.get("kind") == "STRUCT":
            return scope.subquery(expression)
        return None
    if kind in _SAME_FIELDS and isinstance(expression.args.get("this"), exp.Expr):
        source = fields(expression.args["this"], scope)
        if source is not None:  # the order or the index decides which row it is, for all fields
            deciding = Provenance()
            scope.resolver.collect_arguments(expression, scope, 0, deciding, but="this")
            scope.resolver.use("sort", deciding)
        return source
    return None


def is_constructor(expression: exp.Expr) -> bool:
    """Whether an expression builds a struct of its arguments."""
    kind = type(expression)
    return kind is exp.Struct or kind is exp.Tuple or (kind is exp.Anonymous and expression.name.lower() == "row")


def struct_fields(struct: exp.Expr, scope: Scope) -> Source:
    """The fields of a struct that is built here."""
    source = Source()
    for index, member in enumerate(struct.expressions):
        if isinstance(member, exp.Columns):
            of_all = chosen(member.this, scope)
            for name in of_all.names():
                source.put(of_all.spelling(name), of_all.columns_provenance(name))
            source.unlisted += of_all.unlisted
            continue
        if isinstance(member, exp.PropertyEQ):
            name, value = member.this.name, member.expression
        else:
            name, value = member.alias_or_name, member.this if isinstance(member, exp.Alias) else member
        source.put(name or f"_field_{index + 1}", scope.resolver.value_of(value, scope))
    return source


def path_of(expression: exp.Expr) -> tuple[exp.Expr, list[Step]]:
    """The base value and the steps to a field: s.a.b, s['a'], struct_extract(s, 'a'), t.1."""
    steps: list[Step] = []
    while True:
        while type(expression) is exp.Paren:
            expression = expression.args["this"]
        step = _step(expression)
        if step is None:
            return expression, steps[::-1]
        steps.append(step)
        expression = expression.expressions[0] if isinstance(expression, exp.Anonymous) else expression.args["this"]


def _step(expression: exp.Expr) -> Step | None:
    """The field that an expression takes of its argument; None if there is none, or if it is unknown."""
    if isinstance(expression, exp.Dot):
        key = expression.args["expression"]
        if isinstance(key, exp.Func):
            return None
    elif isinstance(expression, exp.StructExtract):
        key = expression.args["expression"]
    elif isinstance(expression, exp.Bracket) and len(expression.expressions) == 1:
        key = expression.expressions[0]
        if not (isinstance(key, exp.Literal) and key.is_string):
            return None
    elif isinstance(expression, exp.Anonymous) and expression.name.lower() == "tupleelement":
        if len(expression.expressions) < 2:
            return None
        key = expression.expressions[1]
    else:
        return None
    if isinstance(key, exp.Literal) and not key.is_string:
        return int(key.name) - 1 if key.is_int else None
    return key.name.lower() if isinstance(key, (exp.Identifier, exp.Literal, exp.Var)) else None


def part_of(whole: Provenance, steps: list[Step]) -> tuple[Provenance, bool]:
    """The field at the end of a path and True, or the last known part on the way and False."""
    part = whole
    for step in steps:
        source = part.fields
        found = None
        if isinstance(source, Source):
            found = source.at(step) if isinstance(step, int) else source.get(step)
        if found is None:
            return part, False
        part = found
    return part, True


def _fields_of_all(sources: list[Source | None]) -> Source | None:
    """The fields of an array's items, which are structs of one type: by position."""
    if not sources or sources[0] is None:
        return None
    result = Source()
    provenances = [list(source.columns.values()) for source in sources if source is not None]
    for index, name in enumerate(sources[0].columns):
        same = [of_item[index] for of_item in provenances if index < len(of_item)]
        result.put(sources[0].spelling(name), union(same) if len(same) > 1 else same[0])
    return result


def _cast(source: Source | None, to: object) -> Source | None:
    """The fields after a cast to a struct type, or to an array of structs: the type names them."""
    while isinstance(to, exp.DataType) and to.this == exp.DataType.Type.ARRAY and to.expressions:
        to = to.expressions[0]
    members = to.expressions if isinstance(to, exp.DataType) else ()
    names = [member.name for member in members if isinstance(member, exp.ColumnDef)]
    if source is None or source.is_open or len(names) != len(source.columns):
        return source if not names else None
    result = Source()
    for name, provenance in zip(names, source.columns.values(), strict=True):
        cast = provenance.through(CAST) if provenance else NOTHING
        if provenance:
            cast.fields = provenance.fields
        result.put(name, cast)
    return result


def _fields_of_name(name: str, scope: Scope) -> Source | None:
    provenance = scope.find_row(name)
    return provenance.fields if provenance is not None and isinstance(provenance.fields, Source) else None
