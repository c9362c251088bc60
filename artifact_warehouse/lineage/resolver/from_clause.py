"""FROM and JOIN: adds the sources of a SELECT to its scope."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import use, value_of
from artifact_warehouse.lineage.resolver.pivots import duckdb_pivot, pivoted
from artifact_warehouse.lineage.resolver.provenance import EXPRESSION, FIELD, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import AliasedSource, FunctionSource, Source, renamed, union
from artifact_warehouse.lineage.resolver.stars import all_of
from artifact_warehouse.lineage.resolver.table_functions import (
    function_source,
    items_source,
    object_items,
    rows_from,
    unnested,
)


def add_source(item: exp.Expr, scope: Scope) -> None:
    """Add the source of one FROM item to the scope, and its joins."""
    while isinstance(item, (exp.Final, exp.Stream, exp.TableSample)):
        item = item.this
    if isinstance(item, exp.AtIndex):  # Redshift: FROM t, t.items AS item AT i
        place = item.expression.name
        _put(scope, f"{place}\0".lower(), FunctionSource(NOTHING, [place], is_listed=True))
        item = item.this
    if isinstance(item, exp.Subquery) and _is_parenthesised_join(item):
        _add_parenthesised(item, scope)
        return
    alias, columns = _alias(item)
    source, name = _source(item, alias, columns, scope)
    for pivot in item.args.get("pivots") or ():
        scope_alias = pivot.args.get("alias")
        source = pivoted(source, pivot, scope)
        if scope_alias is not None and scope_alias.this is not None:
            name = scope_alias.name.lower()
    _put(scope, name, source)
    for lateral in item.args.get("laterals") or ():
        add_source(lateral, scope)
    for join in item.args.get("joins") or ():
        add_join(join, scope)


def _put(scope: Scope, name: str, source: Source) -> None:
    """Add a source under its name. Without a name, or with a name in use, only its columns are visible."""
    if not name or name in scope.sources:
        name = f"{name}\0{len(scope.sources)}"
    scope.sources[name] = source


def _alias(item: exp.Expr) -> tuple[str, list[str]]:
    """The lower-case alias of an item, and its list of columns."""
    alias = item.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return (alias.name.lower() if isinstance(alias, exp.Identifier) else ""), []
    name = alias.this.name.lower() if alias.this is not None else ""
    return name, [column.name for column in alias.args.get("columns") or ()]


def _source(item: exp.Expr, alias: str, columns: list[str], scope: Scope) -> tuple[Source, str]:
    """The source of an item, and its name."""
    if type(item) is exp.Table:
        return _table(item, alias, columns, scope)
    if isinstance(item, exp.Lateral):
        query = item.this
        if isinstance(query, exp.Query):
            return renamed(scope.resolver.query(query, scope, scope.ctes), columns), alias
        return function_source(query, alias, columns, scope, bool(item.args.get("ordinality"))), alias
    if isinstance(item, exp.Unnest):
        return unnested(item, alias, columns, scope), alias or (columns[0].lower() if columns else "")
    if isinstance(item, exp.Pivot):
        return _pivot(item, scope), alias
    if isinstance(item, (exp.Subquery, exp.Values)):
        inner = item.this if isinstance(item, exp.Subquery) else None
        if isinstance(inner, exp.Pivot):
            return renamed(_pivot(inner, scope), columns), alias
        # It may read the items before it: many dialects imply LATERAL.
        around = scope.beside() if scope.sources else scope.outer
        ctes = scope.resolver.with_ctes(item, around, scope.ctes)
        return renamed(scope.resolver.query(inner or item, around, ctes), columns), alias
    if isinstance(item, exp.Query):
        return renamed(scope.resolver.query(item, scope.outer, scope.ctes), columns), alias
    if isinstance(item, exp.TableAlias):  # BigQuery's |> AS t
        return _read((item.name,), "", [], scope)
    if isinstance(item, exp.Alias):
        return _aliased(item, columns, scope), item.alias.lower()
    return function_source(item, alias, columns, scope), alias


def _aliased(item: exp.Alias, columns: list[str], scope: Scope) -> Source:
    if not isinstance(item.this, exp.Column):
        return function_source(item.this, item.alias.lower(), columns, scope)
    items = value_of(item.this, scope)
    scope.resolver.use("join", items)
    return items_source(items)


def _table(table: exp.Table, alias: str, columns: list[str], scope: Scope) -> tuple[Source, str]:
    if (functions := table.args.get("rows_from")) is not None:
        return rows_from(functions, columns, scope), alias
    inner = table.args["this"]
    if not isinstance(inner, (exp.Identifier, exp.Literal, exp.Var)):
        source = function_source(inner, alias, columns, scope, bool(table.args.get("ordinality")))
        if not columns and not alias and isinstance(source, FunctionSource) and not isinstance(inner, exp.Unnest):
            source.value = source.arguments
        own_name = inner.name if isinstance(inner, exp.Anonymous) else inner.key
        return source, alias or own_name.lower()
    source, name = _read(_written(table), alias, columns, scope)
    return _with_changes(source) if table.args.get("changes") is not None else source, name


def _written(table: exp.Table) -> tuple[str, ...]:
    """The parts of the name of a relation, as written."""
    word = table.args["this"]
    if type(word) is exp.Identifier and table.args.get("db") is None:  # most are CTEs, and `parts` is slow
        return (word.args["this"],)
    return tuple(part.name for part in table.parts)


def _read(parts: tuple[str, ...], alias: str, columns: list[str], scope: Scope) -> tuple[Source, str]:
    """The source of a name in FROM: a CTE, an array of an earlier item, or a relation."""
    name = parts[-1].lower()
    if len(parts) == 1 and (cte := scope.ctes.get(name)) is not None and not cte.is_value:
        source = scope.resolver.cte(cte)
    elif len(parts) == 2 and scope.resolver.dialect.joins_array_paths and parts[0].lower() in scope.sources:
        items = scope.sources[parts[0].lower()].get(name) or NOTHING
        source = items_source(items)
    else:
        source = scope.resolver.relation(parts)
        for start in range(len(parts)):
            scope.qualified.setdefault(".".join(parts[start:]).lower(), alias or name)
    return renamed(source, columns), alias or name


def _with_changes(source: Source) -> Source:
    """Snowflake's CHANGES adds columns: https://docs.snowflake.com/en/sql-reference/constructs/changes."""
    result = AliasedSource()
    for name in source.names():
        result.put(source.spelling(name), source.columns_provenance(name))
    (result.unlisted if source.is_open else result.starred).append(source)
    result.other_names = dict.fromkeys(("metadata$action", "metadata$isupdate", "metadata$row_id"), NOTHING)
    return result


def _is_parenthesised_join(item: exp.Subquery) -> bool:
    inner = item.this
    while isinstance(inner, exp.Subquery) and not inner.args.get("joins"):
        inner = inner.this
    return isinstance(inner, (exp.Subquery, exp.Table)) or (
        inner is not item.this and not isinstance(inner, (exp.Query, exp.Pivot))
    )


def _add_parenthesised(item: exp.Subquery, scope: Scope) -> None:
    """(a JOIN b ON …): its members keep their names, unless the parentheses have an alias."""
    inner = Scope(scope.resolver, scope, scope.ctes)
    add_source(item.this, inner)
    for join in item.args.get("joins") or ():
        add_join(join, inner)
    alias, columns = _alias(item)
    if alias:
        _put(scope, alias, renamed(all_of(inner), columns))
        return
    for name, source in inner.sources.items():
        _put(scope, name, source)
    scope.merged.update(inner.merged)
    scope.qualified = {**inner.qualified, **scope.qualified}


def _pivot(pivot: exp.Pivot, scope: Scope) -> Source:
    """PIVOT and UNPIVOT as statements of DuckDB, or Redshift's UNPIVOT of an object."""
    item = pivot.this
    if isinstance(item, (exp.Alias, exp.AtIndex)):
        value = item.this if isinstance(item, exp.AtIndex) else item
        names = [value.alias, *([item.expression.name] if isinstance(item, exp.AtIndex) else [])]
        return object_items(value.this if isinstance(value, exp.Alias) else value, names, scope)
    inner = Scope(scope.resolver, scope.outer, scope.ctes)
    add_source(item, inner)
    return duckdb_pivot(pivot, inner)


# ---------------------------------------------------------------------- joins


def add_join(join: exp.Join, scope: Scope) -> None:
    """Add the source of a join to the scope. The columns that it compares are uses."""
    kind = (join.args.get("kind") or "").upper()
    if kind == "ARRAY":
        _add_array_join(join, scope)
        return
    before = list(scope.sources)
    add_source(join.this, scope)
    added = list(scope.sources)[len(before) :]
    conditions = [join.args.get(name) for name in ("on", "match_condition")]
    use("join", [condition for condition in conditions if isinstance(condition, exp.Expr)], scope)
    shared = [identifier.name.lower() for identifier in join.args.get("using") or ()]
    if join.args.get("method") == "NATURAL":
        shared = _shared_names(before, added, scope)
    _merge(shared, before, added, (join.args.get("side") or "").upper(), scope, keeps=kind not in ("SEMI", "ANTI"))
    if kind in ("SEMI", "ANTI"):
        for name in added:
            del scope.sources[name]


def _add_array_join(join: exp.Join, scope: Scope) -> None:
    """ClickHouse's ARRAY JOIN: the name of an array, or its alias, means one of its items from now on."""
    for array in [join.this, *(join.args.get("expressions") or ())]:
        if isinstance(array, exp.Table):
            *path, name = [part.name for part in array.parts]
            whole = value_of(exp.column(name, table=path[-1] if path else None), scope)
        else:
            whole = value_of(array, scope)
        items = whole.through(FIELD)
        items.fields = whole.fields
        scope.resolver.use("join", items)
        scope.merged[array.alias_or_name.lower()] = items


def _shared_names(before: Sequence[str], added: Sequence[str], scope: Scope) -> list[str]:
    left = {column for name in before for column in scope.sources[name].names()}
    return [column for name in added[:1] for column in scope.sources[name].names() if column in left]


def _merge(
    shared: Sequence[str], before: Sequence[str], added: Sequence[str], side: str, scope: Scope, keeps: bool
) -> None:
    """USING merges two columns: the value is that of the side that keeps all rows; of both sides for FULL."""
    for column in shared:
        left = scope.merged.get(column) or _first(column, before, scope)
        right = _first(column, added, scope)
        for provenance in (left, right):
            if provenance is not None:
                scope.resolver.use("join", provenance)
        if not keeps:
            continue
        if side == "FULL" and left is not None and right is not None:
            scope.merged[column] = union((left, right), EXPRESSION)
        else:
            kept = (right or left) if side == "RIGHT" else (left or right)
            if kept is not None:
                scope.merged[column] = kept


def _first(column: str, names: Sequence[str], scope: Scope) -> Provenance | None:
    """The column of the first source that has it, else of the first that may have it."""
    sources = [scope.sources[name] for name in names]
    holders = [source for source in sources if column in source] or [source for source in sources if source.is_open]
    return holders[0].get(column) if holders else None
