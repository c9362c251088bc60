"""Stars: which columns `*`, `t.*` and `struct.*` stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError

from artifact_warehouse.lineage.resolver.names import NameTest, condition, every_name, like, listed, matching
from artifact_warehouse.lineage.resolver.provenance import CONDITION, FIELD, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import FunctionSource, RelationSource, RestSource, Source


class _Choice(NamedTuple):
    """The modifiers of a star, by lower-case name: EXCEPT, REPLACE, RENAME, and a condition on names."""

    excepted: set[str]
    replaced: dict[str, exp.Expr]
    renamed: dict[str, str]
    keeps: NameTest = every_name


_ALL = _Choice(set(), {}, {})
_ON_NAMES = (exp.Like, exp.ILike, exp.Glob, exp.SimilarTo, exp.RegexpLike)


class Star(NamedTuple):
    """`*` or `t.*`, and the condition that it sets on the names of columns."""

    star: exp.Expr
    table: exp.Column | None
    keeps: NameTest = every_name


def star_of(expression: exp.Expr) -> Star | None:
    """The star that an expression is: `*`, `t.*`, or DuckDB's `* LIKE 'j%'`; None for any other expression."""
    if type(expression) is exp.Star:
        return Star(expression, None)
    if type(expression) is exp.Column:
        return Star(expression.this, expression) if type(expression.this) is exp.Star else None
    inner = expression.this if isinstance(expression, exp.Not) else expression
    found = star_of(inner.this) if isinstance(inner, _ON_NAMES) and isinstance(inner.this, exp.Expr) else None
    return None if found is None else found._replace(keeps=condition(expression, "*"))


def add_star(result: Source, star: Star, scope: Scope) -> None:
    """Add to a select list what a star selects: of the table before it, if any."""
    choice = _choice(star.star, star.keeps)
    if star.table is None:
        _add_sources(result, scope.sources.values(), choice, scope, scope.merged)
        return
    source = _source_of_table(star.table, scope)
    if source is not None:
        _add_sources(result, (source,), choice, scope, {})
    else:
        scope.resolver.unresolved[f"{star.table.table}.*"] = None


def _source_of_table(table: exp.Column, scope: Scope) -> Source | None:
    """The source of `t.*`."""
    source = scope.find_source(table.table.lower()) if table.args.get("db") is None else None
    return source or _source_of_path([part.name for part in table.parts[:-1]], scope)


def chosen(columns: exp.Expr, scope: Scope) -> Source:
    """The columns that a star or the argument of COLUMNS(…) chooses."""
    result = Source()
    if (star := star_of(columns)) is not None:
        add_star(result, star, scope)
        return result
    if isinstance(columns, exp.Lambda):
        keeps = condition(columns.this, columns.expressions[0].name.lower())
    elif isinstance(columns, exp.Literal) and columns.is_string:
        keeps = matching(columns.name)
    elif isinstance(columns, exp.Array) and all(isinstance(name, exp.Literal) for name in columns.expressions):
        keeps = listed([name.name for name in columns.expressions])
    else:  # a parameter, for instance
        keeps = _unknown
    _add_sources(result, scope.sources.values(), _ALL._replace(keeps=keeps), scope, scope.merged)
    return result


def _unknown(_name: str) -> bool | None:
    return None


def whole_source(select: exp.Select, scope: Scope) -> Source | None:
    """The one source of a plain `SELECT *`, which needs no copy."""
    items = select.expressions
    is_star = len(items) == 1 and type(items[0]) is exp.Star and not any(items[0].args.values())
    if not is_star or len(scope.sources) != 1 or scope.merged or select.args.get("kind"):
        return None
    [source] = scope.sources.values()
    is_plain = type(source) is Source or (type(source) is RelationSource and not source.has_dotted_names)
    return source if is_plain and source.value is None else None


def add_fields(result: Source, dot: exp.Dot, scope: Scope) -> None:
    """Add to a select list the fields of a struct, as in `t.struct.field.*`."""
    path: list[str] = []
    base = dot.args["this"]
    while isinstance(base, (exp.Dot, exp.Paren)):
        if isinstance(base, exp.Dot):
            path.insert(0, base.expression.name)
        base = base.args["this"]
    if isinstance(base, exp.Column):
        source = _source_of_path([*(part.name for part in base.parts), *path], scope)
    else:
        source = fields_of(scope.resolver.value_of(base, scope), path, scope)
    if source is not None:
        _add_sources(result, (source,), _choice(dot.expression), scope, {})


def unnested_fields(unnest: exp.Expr, scope: Scope) -> Source | None:
    """The columns that DuckDB's `SELECT unnest(struct)` makes: its fields, where they are known."""
    argument = unnest.args.get("this") or (unnest.expressions or [None])[0]
    if not isinstance(argument, exp.Expr):
        return None
    value = scope.resolver.value_of(argument, scope)
    is_column = isinstance(argument, exp.Column)
    fields = fields_of(value, [], scope) if is_column or isinstance(value.fields, Source) else None
    return fields if fields is not None and fields.columns and not fields.is_open else None


def all_of(scope: Scope) -> Source:
    """All that a FROM clause reads, as a star selects it."""
    result = Source()
    _add_sources(result, scope.sources.values(), _ALL, scope, scope.merged)
    return result


def _choice(star: exp.Expr, keeps: NameTest = every_name) -> _Choice:
    excepted, replaced, renamed = (star.args.get(name) or () for name in ("except_", "replace", "rename"))
    pattern = star.args.get("ilike")
    if isinstance(pattern, exp.Literal):
        keeps = like(pattern.name)
    if not (excepted or replaced or renamed):
        return _ALL if keeps is every_name else _ALL._replace(keeps=keeps)
    return _Choice(
        {column.name.lower() for column in excepted},
        {column.alias.lower(): column.this for column in replaced},
        {column.this.name.lower(): column.alias for column in renamed},
        keeps,
    )


def _add_sources(
    result: Source, sources: Iterable[Source], choice: _Choice, scope: Scope, merged: Mapping[str, Provenance]
) -> None:
    seen: set[str] = set()
    for source in sources:
        names, is_open = _chosen_names(source, choice)
        for name in names:
            if name in choice.excepted or name in seen:
                continue
            if name in merged:
                seen.add(name)
            _add_column(result, source, name, choice, scope, merged.get(name))
        rest = _rest(source, choice)
        if is_open:
            _add_unlisted(result, source, rest, choice, scope)
        else:
            result.starred.append(rest)


def _chosen_names(source: Source, choice: _Choice) -> tuple[Iterable[str], bool]:
    """The chosen names, and whether there may be more. There may, if the condition cannot be evaluated."""
    if choice.keeps is every_name:
        return source.names(), source.is_open
    kept = {name: choice.keeps(source.spelling(name)) for name in source.names()}
    if None in kept.values():
        return (), True
    return [name for name, is_kept in kept.items() if is_kept], source.is_open


def _add_column(
    result: Source, source: Source, name: str, choice: _Choice, scope: Scope, merged: Provenance | None
) -> None:
    spelling = choice.renamed.get(name) or source.spelling(name)
    if name in choice.replaced:
        result.put(spelling, scope.resolver.value_of(choice.replaced[name], scope))
    else:
        result.put(spelling, source.columns_provenance(name) if merged is None else merged)


def _rest(source: Source, choice: _Choice) -> Source:
    """The unlisted columns of a source that a star may take."""
    gone = {*choice.excepted, *choice.replaced, *choice.renamed}
    return RestSource(source, gone, choice.keeps) if gone or choice.keeps is not every_name else source


def _add_unlisted(result: Source, source: Source, rest: Source, choice: _Choice, scope: Scope) -> None:
    """Take over a source of unknown columns. It is known to have the columns that the star names."""
    result.unlisted.append(rest)
    for name, expression in choice.replaced.items():
        if name not in result.columns:
            result.put(name, scope.resolver.value_of(expression, scope))
    for name, spelling in choice.renamed.items():
        if spelling.lower() not in result.columns:
            result.put(spelling, source.get(name) or NOTHING)


def _source_of_path(parts: list[str], scope: Scope) -> Source | None:
    """The source of `parts.*`: a relation by its name, or the fields of a column."""
    lower = [part.lower() for part in parts]
    if (source := scope.find_qualified(".".join(lower))) is not None:
        return source
    source = scope.find_source(lower[0])
    if source is not None and len(parts) > 1:
        return fields_of(source.get(lower[1]), parts[2:], scope)
    return fields_of(scope.find_name(lower[0]), parts[1:], scope)


def fields_of(provenance: Provenance | None, path: list[str], scope: Scope) -> Source | None:
    """The fields of a struct: one that the query builds, else by the type that the catalog has of its column."""
    if provenance is None:
        return None
    path = list(path)
    while path and isinstance(provenance.fields, Source):
        part = provenance.fields.get(path[0].lower())
        if part is None:
            return None
        provenance = part
        del path[0]
    if isinstance(provenance.fields, Source) and not path:
        return provenance.fields
    values = [origin for origin, flags in provenance.items() if not flags & CONDITION]
    of_field = provenance.through(FIELD)
    names: Iterable[str] = ()
    if len(values) == 1:
        source = scope.resolver.source_of(values[0].relation)
        names = _catalogued_fields(source, values[0].column, path, scope.resolver.dialect.name)
    return FunctionSource(of_field, names, is_listed=bool(names))


def _catalogued_fields(source: RelationSource, column: str, path: list[str], dialect: str | None) -> list[str]:
    """The fields of a column: by the dotted names of BigQuery's catalog, else by its data type."""
    prefix = ".".join([column.lower(), *(part.lower() for part in path)]) + "."
    listed = source.relation.columns
    dotted = [spelling[len(prefix) :] for name, spelling in listed.items() if name.startswith(prefix)]
    if dotted:
        return [name for name in dotted if "." not in name]
    data_type = source.relation.types.get(column.lower())
    return _fields_of_type(data_type, path, dialect) if data_type else []


def _fields_of_type(text: str, path: list[str], dialect: str | None) -> list[str]:
    try:
        data_type = exp.DataType.build(text, dialect=dialect)
    except (SqlglotError, ValueError):
        return []
    for name in path:
        kinds = [f.args.get("kind") for f in data_type.expressions if f.name.lower() == name.lower()]
        if not kinds or not isinstance(kinds[0], exp.DataType):
            return []
        data_type = kinds[0]
    return [field.name for field in data_type.expressions if isinstance(field, exp.ColumnDef)]
