"""The select list: which columns each of its items makes."""

from __future__ import annotations

import re
from collections import Counter

import sqlglot
from sqlglot import exp

from artifact_warehouse.lineage.resolver.aggregates import is_aggregate
from artifact_warehouse.lineage.resolver.expressions import ITEM_FUNCTIONS, collect, value_of
from artifact_warehouse.lineage.resolver.flows import AGGREGATE, EXPRESSION, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import Frame, FunctionFrame
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.stars import add_fields, add_star, chosen, star_of, unnested_fields

UNNAMED = "_col_"
"""How a column begins, before its place, that only the database has a name for."""


def selected(select: exp.Select, scope: Scope) -> Frame:
    """The columns of a select list."""
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


def _add_item(frame: Frame, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add one item of a select list."""
    if isinstance(item, exp.Alias):
        _add_aliased(frame, item, scope)
    elif isinstance(item, exp.Column) and not isinstance(item.this, exp.Star):
        flow = scope.column(item) or NOTHING
        frame.put(_column_name(item, scope), flow)
    elif (star := star_of(item)) is not None:
        add_star(frame, star, scope)
    elif isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
        add_fields(frame, item, scope)
    elif isinstance(item, exp.Aliases):
        _add_several(frame, item, scope)
    elif isinstance(item, exp.PropertyEQ):  # DuckDB: SELECT name: expression
        frame.put(item.this.name, _aliased(item.this.name.lower(), item.expression, scope))
    elif isinstance(item, exp.Apply):
        _add_applied(frame, item, index, scope)
    else:
        _add_unnamed(frame, item, index, scope)


def _column_name(column: exp.Column, scope: Scope) -> str:
    """The name of the column that a column makes: in ClickHouse one of a Nested keeps its dots."""
    if scope.walk.dialect.name == "clickhouse" and column.args.get("table") is not None:
        parts = [part.name for part in column.parts]
        while len(parts) > 2 and parts[0].lower() in scope.frames:
            del parts[0]
        dotted = ".".join(parts)
        if any(dotted.lower() in frame for frame in scope.frames.values()):
            return dotted
    return column.name


def _add_aliased(frame: Frame, item: exp.Alias, scope: Scope) -> None:
    name = item.args["alias"].name
    if scope.walk.has_columns and (columns := _columns_in(item)) is not None:
        _add_each(frame, item.this, columns, scope, name)
        return
    flow = _aliased(name.lower(), item.this, scope)
    frame.put(name, flow)
    if scope.walk.dialect.has_lateral_aliases:
        scope.aliases.setdefault(name.lower(), flow)


def _aliased(name: str, expression: exp.Expr, scope: Scope) -> Flow:
    """The value of an aliased item, which earlier ones may have asked for, and which does not mean itself."""
    if name in scope.aliased and scope.aliased[name] is expression:
        return scope.alias(name) or NOTHING
    return value_of(expression, scope)


def _add_several(frame: Frame, item: exp.Aliases, scope: Scope) -> None:
    """A function that makes several columns: `stack(2, a, b, c, d) AS (x, y)`."""
    flow = value_of(item.this, scope)
    stacked = stacked_columns(item.this, scope)
    for index, column in enumerate(item.expressions):
        frame.put(column.name, stacked[index] if index < len(stacked) else flow)


def stacked_columns(function: exp.Expr, scope: Scope) -> list[Flow]:
    """The columns of Spark's stack(n, …), which makes n rows of its arguments; none for another function."""
    rows = function.this if isinstance(function, exp.Stack) else None
    if not isinstance(rows, exp.Literal) or not rows.is_int or int(rows.name) < 1:
        return []
    values = function.expressions
    width = -(-len(values) // int(rows.name))
    flows = [Flow() for _ in range(width)]
    for index, value in enumerate(values):
        collect(value, scope, 0, flows[index % width])
    return flows


def _add_unnamed(frame: Frame, item: exp.Expr, index: int, scope: Scope) -> None:
    """Add an item that the database finds a name for, or several columns that a function makes."""
    is_duckdb = scope.walk.dialect.name == "duckdb"
    if is_duckdb and isinstance(item, ITEM_FUNCTIONS) and (fields := unnested_fields(item, scope)) is not None:
        for name in fields.names():
            frame.put(fields.spelling(name), fields.columns_flow(name))
    elif scope.walk.has_columns and (columns := _columns_in(item)) is not None:
        _add_each(frame, item, columns, scope)
    else:
        flow = value_of(item, scope)
        frame.put(item.output_name or f"{UNNAMED}{index}", flow)
        if isinstance(item, ITEM_FUNCTIONS):
            frame.unlisted.append(FunctionFrame(flow))


# ---------------------------------------------------------------------- COLUMNS and APPLY


def _columns_in(item: exp.Expr) -> exp.Columns | None:
    """The COLUMNS(…) that an item is repeated for; one that is unpacked is one value with the others."""
    found = [columns for columns in item.find_all(exp.Columns) if not columns.args.get("unpack")]
    return found[0] if found else None


def _add_each(frame: Frame, item: exp.Expr, columns: exp.Columns, scope: Scope, alias: str = "") -> None:
    """Add an item once for each column that its COLUMNS(…) chooses."""
    every = scope.chosen[id(columns)] = chosen(columns.this, scope)
    walk = scope.walk
    for name in list(every.names()):
        walk.chosen_name = name
        spelling = every.spelling(name)
        frame.put(_alias_for(alias, columns, spelling) or spelling, value_of(item, scope))
    walk.chosen_name = None
    frame.unlisted += every.unlisted
    frame.starred += every.starred


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


def _add_applied(frame: Frame, item: exp.Apply, index: int, scope: Scope) -> None:
    """ClickHouse's `* APPLY(f)`: https://clickhouse.com/docs/sql-reference/statements/select#apply."""
    functions: list[exp.Expr] = []
    inner: exp.Expr = item
    while isinstance(inner, exp.Apply):
        functions.insert(0, inner.expression)
        inner = inner.this
    every = chosen(inner.this if isinstance(inner, exp.Columns) else inner, scope)
    is_named = all(isinstance(function, exp.Var) for function in functions)
    calls = [sqlglot.parse_one(f"{f.name}(x)", dialect="clickhouse") for f in functions if isinstance(f, exp.Var)]
    is_aggregated = any(is_aggregate(call, scope.walk.aggregates) for call in calls)
    for place, name in enumerate(every.names()):
        flow = every.columns_flow(name).through(EXPRESSION | (AGGREGATE if is_aggregated else 0))
        spelling = every.spelling(name)
        for function in functions:
            spelling = f"{function.name}({spelling})"
        frame.put(spelling if is_named else f"{UNNAMED}{index}_{place}", flow)
    if every.is_open:
        frame.unlisted.append(FunctionFrame(every.rest()))
