"""FROM and JOIN: what a SELECT reads from, put into its scope by alias."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import use, value_of
from artifact_warehouse.lineage.resolver.flows import EXPRESSION, FIELD, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import AliasedFrame, Frame, FunctionFrame, renamed, union
from artifact_warehouse.lineage.resolver.pivots import duckdb_pivot, pivoted
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.stars import all_of
from artifact_warehouse.lineage.resolver.table_functions import (
    function_frame,
    items_frame,
    object_items,
    rows_from,
    unnested,
)


def add_source(source: exp.Expr, scope: Scope) -> None:
    """Put into the scope what one member of a FROM clause reads, with the joins that hang on it."""
    while isinstance(source, (exp.Final, exp.Stream, exp.TableSample)):
        source = source.this
    if isinstance(source, exp.AtIndex):  # Redshift: FROM t, t.items AS item AT i
        place = source.expression.name
        _put(scope, f"{place}\0".lower(), FunctionFrame(NOTHING, [place], is_listed=True))
        source = source.this
    if isinstance(source, exp.Subquery) and _is_parenthesised_join(source):
        _add_parenthesised(source, scope)
        return
    alias, columns = _alias(source)
    frame, name = _frame(source, alias, columns, scope)
    for pivot in source.args.get("pivots") or ():
        scope_alias = pivot.args.get("alias")
        frame = pivoted(frame, pivot, scope)
        if scope_alias is not None and scope_alias.this is not None:
            name = scope_alias.name.lower()
    _put(scope, name, frame)
    for lateral in source.args.get("laterals") or ():
        add_source(lateral, scope)
    for join in source.args.get("joins") or ():
        add_join(join, scope)


def _put(scope: Scope, name: str, frame: Frame) -> None:
    """Under its name; what has none, or shares it, is reached by its columns only."""
    if not name or name in scope.frames:
        name = f"{name}\0{len(scope.frames)}"
    scope.frames[name] = frame


def _alias(source: exp.Expr) -> tuple[str, list[str]]:
    """The lower-case alias of what is read, and its list of columns."""
    alias = source.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return (alias.name.lower() if isinstance(alias, exp.Identifier) else ""), []
    name = alias.this.name.lower() if alias.this is not None else ""
    return name, [column.name for column in alias.args.get("columns") or ()]


def _frame(source: exp.Expr, alias: str, columns: list[str], scope: Scope) -> tuple[Frame, str]:
    """What is read, and the name that it is read under."""
    if type(source) is exp.Table:
        return _table(source, alias, columns, scope)
    if isinstance(source, exp.Lateral):
        query = source.this
        if isinstance(query, exp.Query):
            return renamed(scope.walk.query(query, scope, scope.ctes), columns), alias
        return function_frame(query, alias, columns, scope, bool(source.args.get("ordinality"))), alias
    if isinstance(source, exp.Unnest):
        return unnested(source, alias, columns, scope), alias or (columns[0].lower() if columns else "")
    if isinstance(source, exp.Pivot):
        return _pivot(source, scope), alias
    if isinstance(source, (exp.Subquery, exp.Values)):
        inner = source.this if isinstance(source, exp.Subquery) else None
        if isinstance(inner, exp.Pivot):
            return renamed(_pivot(inner, scope), columns), alias
        # It may read what stands before it: LATERAL is often left out, and nothing is lost by not insisting on it.
        around = scope.beside() if scope.frames else scope.outer
        ctes = scope.walk.with_ctes(source, around, scope.ctes)
        return renamed(scope.walk.query(inner or source, around, ctes), columns), alias
    if isinstance(source, exp.Query):
        return renamed(scope.walk.query(source, scope.outer, scope.ctes), columns), alias
    if isinstance(source, exp.TableAlias):  # what BigQuery's |> AS t names
        return _read((source.name,), "", [], scope)
    if isinstance(source, exp.Alias):
        return _aliased(source, columns, scope), source.alias.lower()
    return function_frame(source, alias, columns, scope), alias


def _aliased(source: exp.Alias, columns: list[str], scope: Scope) -> Frame:
    if not isinstance(source.this, exp.Column):
        return function_frame(source.this, source.alias.lower(), columns, scope)
    items = value_of(source.this, scope)
    scope.walk.use("join", items)
    return items_frame(items)


def _table(table: exp.Table, alias: str, columns: list[str], scope: Scope) -> tuple[Frame, str]:
    if (functions := table.args.get("rows_from")) is not None:
        return rows_from(functions, columns, scope), alias
    inner = table.this
    if not isinstance(inner, (exp.Identifier, exp.Literal, exp.Var)):
        frame = function_frame(inner, alias, columns, scope, bool(table.args.get("ordinality")))
        if not columns and not alias and isinstance(frame, FunctionFrame) and not isinstance(inner, exp.Unnest):
            frame.value = frame.arguments
        own_name = inner.name if isinstance(inner, exp.Anonymous) else inner.key
        return frame, alias or own_name.lower()
    frame, name = _read(tuple(part.name for part in table.parts), alias, columns, scope)
    return _with_changes(frame) if table.args.get("changes") is not None else frame, name


def _read(parts: tuple[str, ...], alias: str, columns: list[str], scope: Scope) -> tuple[Frame, str]:
    """What a name in FROM stands for: a CTE, an array of what stands before it, or a relation."""
    name = parts[-1].lower()
    if len(parts) == 1 and (cte := scope.ctes.get(name)) is not None and not cte.is_value:
        frame = scope.walk.cte(cte)
    elif len(parts) == 2 and scope.walk.dialect.joins_array_paths and parts[0].lower() in scope.frames:
        items = scope.frames[parts[0].lower()].get(name) or NOTHING
        frame = items_frame(items)
    else:
        frame = scope.walk.relation(parts)
        for start in range(len(parts)):
            scope.qualified.setdefault(".".join(parts[start:]).lower(), alias or name)
    return renamed(frame, columns), alias or name


def _with_changes(frame: Frame) -> Frame:
    """Snowflake's CHANGES adds columns: https://docs.snowflake.com/en/sql-reference/constructs/changes."""
    result = AliasedFrame()
    for name in frame.names():
        result.put(frame.spelling(name), frame.columns_flow(name))
    (result.unlisted if frame.is_open else result.starred).append(frame)
    result.other_names = dict.fromkeys(("metadata$action", "metadata$isupdate", "metadata$row_id"), NOTHING)
    return result


def _is_parenthesised_join(source: exp.Subquery) -> bool:
    inner = source.this
    while isinstance(inner, exp.Subquery) and not inner.args.get("joins"):
        inner = inner.this
    return isinstance(inner, (exp.Subquery, exp.Table)) or (
        inner is not source.this and not isinstance(inner, (exp.Query, exp.Pivot))
    )


def _add_parenthesised(source: exp.Subquery, scope: Scope) -> None:
    """(a JOIN b ON …): its members are reached by their own names, unless all have got one."""
    inner = Scope(scope.walk, scope, scope.ctes)
    add_source(source.this, inner)
    for join in source.args.get("joins") or ():
        add_join(join, inner)
    alias, columns = _alias(source)
    if alias:
        _put(scope, alias, renamed(all_of(inner), columns))
        return
    for name, frame in inner.frames.items():
        _put(scope, name, frame)
    scope.merged.update(inner.merged)
    scope.qualified = {**inner.qualified, **scope.qualified}


def _pivot(pivot: exp.Pivot, scope: Scope) -> Frame:
    """PIVOT and UNPIVOT as statements of DuckDB, or Redshift's UNPIVOT of an object."""
    source = pivot.this
    if isinstance(source, (exp.Alias, exp.AtIndex)):
        value = source.this if isinstance(source, exp.AtIndex) else source
        names = [value.alias, *([source.expression.name] if isinstance(source, exp.AtIndex) else [])]
        return object_items(value.this if isinstance(value, exp.Alias) else value, names, scope)
    inner = Scope(scope.walk, scope.outer, scope.ctes)
    add_source(source, inner)
    return duckdb_pivot(pivot, inner)


# ---------------------------------------------------------------------- joins


def add_join(join: exp.Join, scope: Scope) -> None:
    """Put into the scope what a join adds; what it compares is a use."""
    kind = (join.args.get("kind") or "").upper()
    if kind == "ARRAY":
        _add_array_join(join, scope)
        return
    before = list(scope.frames)
    add_source(join.this, scope)
    added = list(scope.frames)[len(before) :]
    conditions = [join.args.get(name) for name in ("on", "match_condition")]
    use("join", [condition for condition in conditions if isinstance(condition, exp.Expr)], scope)
    shared = [identifier.name.lower() for identifier in join.args.get("using") or ()]
    if join.args.get("method") == "NATURAL":
        shared = _shared_names(before, added, scope)
    _merge(shared, before, added, (join.args.get("side") or "").upper(), scope, keeps=kind not in ("SEMI", "ANTI"))
    if kind in ("SEMI", "ANTI"):
        for name in added:
            del scope.frames[name]


def _add_array_join(join: exp.Join, scope: Scope) -> None:
    """ClickHouse's ARRAY JOIN: the name of an array, or its alias, now stands for one of its items."""
    for array in [join.this, *(join.args.get("expressions") or ())]:
        if isinstance(array, exp.Table):
            *path, name = [part.name for part in array.parts]
            whole = value_of(exp.column(name, table=path[-1] if path else None), scope)
        else:
            whole = value_of(array, scope)
        items = whole.through(FIELD)
        items.fields = whole.fields
        scope.walk.use("join", items)
        scope.merged[array.alias_or_name.lower()] = items


def _shared_names(before: Sequence[str], added: Sequence[str], scope: Scope) -> list[str]:
    left = {column for name in before for column in scope.frames[name].names()}
    return [column for name in added[:1] for column in scope.frames[name].names() if column in left]


def _merge(
    shared: Sequence[str], before: Sequence[str], added: Sequence[str], side: str, scope: Scope, keeps: bool
) -> None:
    """USING: one column of two. It has the value of the side whose rows are all kept; of both for FULL."""
    for column in shared:
        left = scope.merged.get(column) or _first(column, before, scope)
        right = _first(column, added, scope)
        for flow in (left, right):
            if flow is not None:
                scope.walk.use("join", flow)
        if not keeps:
            continue
        if side == "FULL" and left is not None and right is not None:
            scope.merged[column] = union((left, right), EXPRESSION)
        else:
            kept = (right or left) if side == "RIGHT" else (left or right)
            if kept is not None:
                scope.merged[column] = kept


def _first(column: str, names: Sequence[str], scope: Scope) -> Flow | None:
    """The column of the first that has it; of the first that may have it where none is known to."""
    frames = [scope.frames[name] for name in names]
    holders = [frame for frame in frames if column in frame] or [frame for frame in frames if frame.is_open]
    return holders[0].get(column) if holders else None
