"""The select list: the columns that each of its items makes."""

from __future__ import annotations

import re
from collections import Counter

import sqlglot
from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import is_aggregate
from artifact_warehouse.lineage.resolver.expressions import ITEM_FUNCTIONS, collect, value_of
from artifact_warehouse.lineage.resolver.provenance import AGGREGATE, EXPRESSION, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import FunctionSource, Source
from artifact_warehouse.lineage.resolver.stars import add_fields, add_star, chosen, star_of, unnested_fields

UNNAMED = "_col_"
"""The prefix of a column without an alias. The database names it."""


def selected(select: exp.Select, scope: Scope) -> Source:
    """The columns of a select list."""
    source = Source()
    scope.earlier = source.columns
    items = select.expressions
    if scope.resolver.dialect.has_lateral_aliases:
        aliases = [item for item in items if type(item) is exp.Alias]
        scope.aliased = {item.alias.lower(): item.this for item in aliases}
        if len(scope.aliased) < len(aliases):  # a repeated alias cannot be used before its own item
            counts = Counter(item.alias.lower() for item in aliases)
            scope.aliased = {name: item for name, item in scope.aliased.items() if counts[name] == 1}
    for index, item in enumerate(items):
        _add_item(source, item, index, scope)
    return source


def _add_item(source: Source, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add one item of a select list."""
    if isinstance(item, exp.Alias):
        _add_aliased(source, item, scope)
    elif isinstance(item, exp.Column) and not isinstance(item.this, exp.Star):
        provenance = scope.column(item) or NOTHING
        source.put(_column_name(item, scope), provenance)
    elif (star := star_of(item)) is not None:
        add_star(source, star, scope)
    elif isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
        add_fields(source, item, scope)
    elif isinstance(item, exp.Aliases):
        _add_several(source, item, scope)
    elif isinstance(item, exp.PropertyEQ):  # DuckDB: SELECT name: expression
        source.put(item.this.name, _aliased(item.this.name.lower(), item.expression, scope))
    elif isinstance(item, exp.Apply):
        _add_applied(source, item, index, scope)
    else:
        _add_unnamed(source, item, index, scope)


def _column_name(column: exp.Column, scope: Scope) -> str:
    """The name of a selected column. A column of ClickHouse's Nested keeps its dots."""
    if scope.resolver.dialect.name == "clickhouse" and column.args.get("table") is not None:
        parts = [part.name for part in column.parts]
        while len(parts) > 2 and parts[0].lower() in scope.sources:
            del parts[0]
        dotted = ".".join(parts)
        if any(dotted.lower() in source for source in scope.sources.values()):
            return dotted
    return column.name


def _add_aliased(source: Source, item: exp.Alias, scope: Scope) -> None:
    name, expression = item.args["alias"].name, item.args["this"]
    if scope.resolver.has_columns and (columns := _columns_in(item)) is not None:
        _add_each(source, expression, columns, scope, name)
        return
    provenance = _aliased(name.lower(), expression, scope)
    source.put(name, provenance)
    if scope.resolver.dialect.has_lateral_aliases:
        scope.aliases.setdefault(name.lower(), provenance)


def _aliased(name: str, expression: exp.Expr, scope: Scope) -> Provenance:
    """The value of an aliased item. An earlier item may have resolved it already."""
    if scope.aliased.get(name) is expression:
        return scope.alias(name) or NOTHING
    return value_of(expression, scope)


def _add_several(source: Source, item: exp.Aliases, scope: Scope) -> None:
    """A function that makes several columns: `stack(2, a, b, c, d) AS (x, y)`."""
    provenance = value_of(item.this, scope)
    stacked = stacked_columns(item.this, scope)
    for index, column in enumerate(item.expressions):
        source.put(column.name, stacked[index] if index < len(stacked) else provenance)


def stacked_columns(function: exp.Expr, scope: Scope) -> list[Provenance]:
    """The columns of Spark's stack(n, …), which makes n rows of its arguments; none for another function."""
    rows, *values = _stack_arguments(function) or (None,)
    if not isinstance(rows, exp.Literal) or not rows.is_int or int(rows.name) < 1:
        return []
    width = -(-len(values) // int(rows.name))
    provenances = [Provenance() for _ in range(width)]
    for index, value in enumerate(values):
        collect(value, scope, 0, provenances[index % width])
    return provenances


def _stack_arguments(function: exp.Expr) -> list[exp.Expr]:
    """The arguments of stack(n, …): a class of its own in newer sqlglot, a function without one in older."""
    if type(function).__name__ == "Stack":
        return [function.this, *function.expressions]
    is_stack = isinstance(function, exp.Anonymous) and function.name.lower() == "stack"
    return list(function.expressions) if is_stack else []


def _add_unnamed(source: Source, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add an item without an alias, or the columns of a function that makes several."""
    is_duckdb = scope.resolver.dialect.name == "duckdb"
    if is_duckdb and isinstance(item, ITEM_FUNCTIONS) and (fields := unnested_fields(item, scope)) is not None:
        for name in fields.names():
            source.put(fields.spelling(name), fields.columns_provenance(name))
    elif scope.resolver.has_columns and (columns := _columns_in(item)) is not None:
        _add_each(source, item, columns, scope)
    else:
        provenance = value_of(item, scope)
        source.put(item.output_name or f"{UNNAMED}{index}", provenance)
        if isinstance(item, ITEM_FUNCTIONS):
            source.unlisted.append(FunctionSource(provenance))


# ---------------------------------------------------------------------- COLUMNS and APPLY


def _columns_in(item: exp.Expr) -> exp.Columns | None:
    """The COLUMNS(…) for which an item is repeated. An unpacked one, *COLUMNS(…), does not repeat it."""
    found = [columns for columns in item.find_all(exp.Columns) if not columns.args.get("unpack")]
    return found[0] if found else None


def _add_each(source: Source, item: exp.Expr, columns: exp.Columns, scope: Scope, alias: str = "") -> None:
    """Add an item once for each column that its COLUMNS(…) chooses."""
    every = scope.chosen[id(columns)] = chosen(columns.this, scope)
    resolver = scope.resolver
    for name in list(every.names()):
        resolver.chosen_name = name
        spelling = every.spelling(name)
        source.put(_alias_for(alias, columns, spelling) or spelling, value_of(item, scope))
    resolver.chosen_name = None
    source.unlisted += every.unlisted
    source.starred += every.starred


def _alias_for(alias: str, columns: exp.Columns, name: str) -> str:
    r"""The name that an alias gives to one of the chosen columns: `COLUMNS('(.*)_id') AS 'id_of_\1'`."""
    pattern = columns.this
    if "\\" not in alias or not isinstance(pattern, exp.Literal):
        return alias
    try:
        found = re.search(pattern.name, name)
        return alias if found is None else found.expand(alias.replace("\\0", "\\g<0>"))
    except (re.error, IndexError):
        return ""


def _add_applied(source: Source, item: exp.Apply, index: int, scope: Scope) -> None:
    """ClickHouse's `* APPLY(f)`: https://clickhouse.com/docs/sql-reference/statements/select#apply."""
    functions: list[exp.Expr] = []
    inner: exp.Expr = item
    while isinstance(inner, exp.Apply):
        functions.insert(0, inner.expression)
        inner = inner.this
    every = chosen(inner.this if isinstance(inner, exp.Columns) else inner, scope)
    is_named = all(isinstance(function, exp.Var) for function in functions)
    calls = [sqlglot.parse_one(f"{f.name}(x)", dialect="clickhouse") for f in functions if isinstance(f, exp.Var)]
    is_aggregated = any(is_aggregate(call, scope.resolver.aggregates) for call in calls)
    for place, name in enumerate(every.names()):
        provenance = every.columns_provenance(name).through(EXPRESSION | (AGGREGATE if is_aggregated else 0))
        spelling = every.spelling(name)
        for function in functions:
            spelling = f"{function.name}({spelling})"
        source.put(spelling if is_named else f"{UNNAMED}{index}_{place}", provenance)
    if every.is_open:
        source.unlisted.append(FunctionSource(every.rest()))
