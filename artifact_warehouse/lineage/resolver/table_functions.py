"""Table functions: FROM items that are neither a relation nor a query."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError

from artifact_warehouse.lineage.resolver.expressions import ITEM_FUNCTIONS, collect, use, value_of
from artifact_warehouse.lineage.resolver.provenance import EXPRESSION, FIELD, GUESSED, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.select_list import stacked_columns
from artifact_warehouse.lineage.resolver.sources import FROM_NOWHERE, FunctionSource, Source, renamed, union

_NAME_A_RELATION = {
    "cluster": 1, "clusterallreplicas": 1, "hop": 0, "identifier": 0, "query_table": 0, "remote": 1,
    "remotesecure": 1, "table": 0, "table_changes": 0, "tumble": 0,
}  # fmt: skip
"""Functions that read a relation, with the position of its name among their arguments.

https://docs.snowflake.com/en/sql-reference/identifier-literal,
https://docs.databricks.com/aws/en/sql/language-manual/functions/table_changes,
https://duckdb.org/docs/stable/sql/query_syntax/from, https://docs.risingwave.com/processing/sql/time-windows,
https://clickhouse.com/docs/sql-reference/table-functions/remote.
"""
_WINDOWS = ("hop", "tumble")
_OF_A_QUERY = ("view", "viewifpermitted")
"""ClickHouse's functions that return the rows of a query: https://clickhouse.com/docs/sql-reference/table-functions/view."""

_ADD_COLUMNS = tuple(
    found
    for name in (
        *("AIForecast", "FeaturesAtTime", "GapFill", "GenerateBool", "GenerateDouble", "GenerateEmbedding"),
        *("GenerateInt", "GenerateTable", "GenerateText", "MLForecast", "MLTranslate", "Predict", "VectorSearch"),
    )
    if (found := getattr(exp, name, None)) is not None
)
"""BigQuery's functions that return the columns of a table, and some of their own.

https://cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-predict
"""
_IN_FROM = (exp.Func, exp.Bracket, exp.Cast, exp.Column, exp.Dot, exp.Paren)


class AddedSource(Source):
    """The columns of a table that a function passes through. It adds others, which come from `added`."""

    __slots__ = ("added", "inner")

    def __init__(self, inner: Source, added: Provenance) -> None:
        super().__init__()
        self.inner = inner
        self.added = added

    def __contains__(self, name: str) -> bool:
        return name in self.inner

    @property
    def is_open(self) -> bool:
        return True

    def names(self) -> list[str]:
        return list(self.inner.names())

    def get(self, name: str) -> Provenance | None:
        provenance = self.inner.get(name)
        if provenance is None:
            return self.added
        return provenance if name in self.inner else provenance.through(GUESSED)

    def rest(self) -> Provenance:
        return self.added

    def spelling(self, name: str) -> str:
        return self.inner.spelling(name)


class UnknownSource(Source):
    """The source of an item that the resolver does not know. Its columns are unresolved."""

    __slots__ = ()

    @property
    def is_open(self) -> bool:
        return True

    def get(self, name: str) -> Provenance | None:
        return FROM_NOWHERE

    def rest(self) -> Provenance:
        return FROM_NOWHERE


def unknown(item: exp.Expr, scope: Scope) -> Source:
    """The source of an item that the resolver does not know. Notes the text of the item."""
    try:
        text = item.sql(dialect=scope.resolver.dialect.name)
    except (SqlglotError, ValueError):
        text = item.key
    scope.resolver.unknown_sources[text if len(text) <= 60 else f"{text[:57]}..."] = None
    return UnknownSource()


def function_source(
    function: exp.Expr, alias: str, columns: list[str], scope: Scope, has_ordinality: bool = False
) -> Source:
    """The source of a function in FROM."""
    if isinstance(function, exp.Unnest):
        return unnested(function, alias, columns, scope)
    if isinstance(function, exp.Query):
        return renamed(scope.resolver.query(function, scope, scope.ctes), columns)
    if isinstance(function, exp.TableFromRows) and not isinstance(function.this, exp.Func):
        return _named_relation(function, function.this, scope)
    if isinstance(function, exp.TableFromRows):
        return function_source(function.this, alias, columns, scope, has_ordinality)
    if isinstance(function, exp.DynamicIdentifier):
        return _named_relation(function, function.this, scope)
    if isinstance(function, exp.SemanticView):
        return renamed(_semantic_view(function, scope), columns)
    if isinstance(function, _ADD_COLUMNS):
        return renamed(_passing(function, scope), columns)
    if isinstance(function, exp.Anonymous) and (source := _of_relation(function, scope)) is not None:
        return renamed(source, columns)
    if not isinstance(function, _IN_FROM):
        return unknown(function, scope)
    return _of_arguments(function, alias, columns, scope, has_ordinality)


def _of_arguments(
    function: exp.Expr, alias: str, columns: list[str], scope: Scope, has_ordinality: bool
) -> FunctionSource:
    """A source whose columns all come from all arguments. WITH ORDINALITY, the last column counts rows."""
    arguments = Provenance()
    for argument in _arguments(function):
        collect(argument, scope, 0 if isinstance(function, ITEM_FUNCTIONS) else EXPRESSION, arguments)
    scope.resolver.use("join", arguments)  # it makes rows
    is_flatten = isinstance(function, exp.Explode) and scope.resolver.dialect.name == "snowflake"
    source = FunctionSource(arguments, columns, is_listed=bool(columns) and not is_flatten)
    for name, provenance in zip(columns, stacked_columns(function, scope), strict=False):
        source.columns[name.lower()] = provenance
    if has_ordinality:
        source.columns[columns[-1].lower() if columns else "ordinality"] = NOTHING
    if alias and not columns:
        source.value = arguments
    return source


def _arguments(function: exp.Expr) -> Iterator[exp.Expr]:
    """The arguments of a function. Of `name = value` it is the value, because the name parses as a column."""
    if not isinstance(function, (exp.Anonymous, exp.ReadCSV, exp.ReadParquet)):
        yield function
        return
    for argument in function.expressions:
        is_named = isinstance(argument, exp.EQ) and isinstance(argument.this, exp.Column) and not argument.this.table
        yield argument.expression if is_named else argument


# ---------------------------------------------------------------------- functions that read a relation


def _of_relation(function: exp.Anonymous, scope: Scope) -> Source | None:
    """The source of a function that gets a query or the name of a relation; None for any other function."""
    name = function.name.lower()
    if name in _OF_A_QUERY and function.expressions and isinstance(function.expressions[0], exp.Query):
        return scope.resolver.query(function.expressions[0], scope, scope.ctes)
    place = _NAME_A_RELATION.get(name)
    if place is None or len(function.expressions) <= place:
        return None
    source = _named_relation(function, function.expressions[place], scope, function.expressions[place + 1 :])
    return _windowed(source, function, scope) if name in _WINDOWS else source


def _named_relation(item: exp.Expr, name: exp.Expr, scope: Scope, more: list[exp.Expr] | None = None) -> Source:
    """The source of a relation that an argument names. ClickHouse may have two arguments: schema and relation."""
    is_schema = (
        isinstance(name, exp.Literal) and "." not in name.name and item.name.lower().startswith(("remote", "cl"))
    )
    if is_schema and more and isinstance(more[0], exp.Literal):
        return scope.resolver.relation((name.name, more[0].name))
    if isinstance(name, exp.DynamicIdentifier):
        return _named_relation(item, name.this, scope)
    if isinstance(name, exp.Literal) and name.is_string:
        try:
            name = exp.to_table(name.name, dialect=scope.resolver.dialect.name)
        except (SqlglotError, ValueError):
            return unknown(item, scope)
    if not isinstance(name, (exp.Column, exp.Table)):
        return unknown(item, scope)
    parts = tuple(part.name for part in name.parts)
    cte = scope.ctes.get(parts[0].lower()) if len(parts) == 1 else None
    return scope.resolver.relation(parts) if cte is None or cte.is_value else scope.resolver.cte(cte)


def _windowed(source: Source, function: exp.Anonymous, scope: Scope) -> Source:
    """TUMBLE(t, time, …) and HOP(t, time, …): the columns of t, and two that come from its time."""
    result = Source()
    for name in source.names():
        result.put(source.spelling(name), source.columns_provenance(name))
    (result.unlisted if source.is_open else result.starred).append(source)
    time = function.expressions[1] if len(function.expressions) > 1 else None
    provenance = (source.get(time.name.lower()) if isinstance(time, exp.Column) else None) or NOTHING
    for name in ("window_start", "window_end"):
        result.put(name, provenance.through(EXPRESSION))
    return result


def _passing(function: exp.Expr, scope: Scope) -> Source:
    """The source of a function that passes the columns of a table through.

    The columns that it adds come from all columns of its query. Where its argument is a table, not a query, they are
    unresolved: which columns of the table it reads is unknown.
    """
    table = function.args.get("expression") or function.this
    inner = _argument_table(table, scope)
    if inner is None:
        return unknown(function, scope)
    query_table = function.args.get("query_table")
    if query_table is None:
        return AddedSource(inner, FROM_NOWHERE if isinstance(table, exp.Table) else inner.row())
    result = FunctionSource(FROM_NOWHERE)
    result.put("base", inner.row())
    result.put("query", (_argument_table(query_table, scope) or unknown(function, scope)).row())
    return result


def _semantic_view(view: exp.Expr, scope: Scope) -> Source:
    """Snowflake's SEMANTIC_VIEW: the metrics, dimensions and facts that are listed of a relation.

    https://docs.snowflake.com/en/sql-reference/constructs/semantic_view
    """
    inner = Scope(scope.resolver, scope, scope.ctes)
    inner.sources = {view.this.alias_or_name.lower(): _named_relation(view, view.this, scope)}
    result = Source()
    for kind in ("metrics", "dimensions", "facts"):
        for item in view.args.get(kind) or ():
            result.put(item.alias_or_name, value_of(item.this if isinstance(item, exp.Alias) else item, inner))
    where = view.args.get("where")
    use("filter", [where] if where is not None else [], inner)
    return result


def _argument_table(table: exp.Expr, scope: Scope) -> Source | None:
    if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier):
        return _named_relation(table, table, scope)
    return scope.resolver.query(table, scope, scope.ctes) if isinstance(table, exp.Query) else None


# ---------------------------------------------------------------------- UNNEST


def unnested(unnest: exp.Unnest, alias: str, columns: list[str], scope: Scope) -> Source:
    """A row for each item of a list."""
    items = Provenance()
    for expression in unnest.expressions:
        collect(expression, scope, FIELD, items)
    scope.resolver.use("join", items)
    offset = unnest.args.get("offset")
    offset_name = offset.name.lower() if isinstance(offset, exp.Identifier) else "offset" if offset else ""
    names = [name for name in columns if name.lower() != offset_name]
    if len(unnest.expressions) == 1:
        items.fields = value_of(unnest.expressions[0], scope).fields
    is_side_by_side = 1 < len(unnest.expressions) <= len(names)
    source = _side_by_side(unnest, names, scope) if is_side_by_side else items_source(items)
    for name in names or ([alias] if alias else []):
        if name.lower() not in source.columns:
            source.put(name, items)
    if offset_name:
        source.columns[offset_name] = NOTHING
    if isinstance(source, FunctionSource):
        source.is_listed = bool(columns) and scope.resolver.dialect.lists_unnested
        source.is_bare = not alias and not columns
    return source


def _side_by_side(unnest: exp.Unnest, names: list[str], scope: Scope) -> Source:
    """unnest(a, b) AS t (x, y): the items of a in x, those of b in y."""
    source = Source()
    for index, name in enumerate(names):
        provenance = Provenance()
        if index < len(unnest.expressions):
            collect(unnest.expressions[index], scope, FIELD, provenance)
        source.put(name, provenance)
    return source


def items_source(items: Provenance) -> Source:
    """The rows of an array's items: the fields of structs that the query has built, else columns of any name."""
    fields = items.fields
    if isinstance(fields, Source):
        source = Source()
        for name in fields.names():
            source.put(fields.spelling(name), fields.columns_provenance(name))
    else:
        source = FunctionSource(items.through(FIELD))
    source.value = items
    return source


def rows_from(functions: list[exp.Expr], columns: list[str], scope: Scope) -> Source:
    """Postgres' ROWS FROM (f(…), g(…)) AS t (a, b): the rows of all functions, side by side.

    https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-TABLEFUNCTIONS
    """
    provenances = []
    for function in functions:
        inner = function.this if isinstance(function, exp.Table) else function
        source = function_source(inner, "", [], scope)
        provenances.append(source.value or source.rest())
    if len(columns) != len(provenances):
        return FunctionSource(union(provenances), columns, is_listed=bool(columns))
    result = Source()
    for name, provenance in zip(columns, provenances, strict=True):
        result.put(name, provenance)
    return result


def object_items(value: exp.Expr, names: list[str], scope: Scope) -> Source:
    """Redshift's UNPIVOT of an object: a row for each attribute, with its value and its name.

    https://docs.aws.amazon.com/redshift/latest/dg/query-super.html#unpivoting
    """
    items = value_of(value, scope).through(FIELD)
    scope.resolver.use("join", items)
    return FunctionSource(items, names, is_listed=True)
