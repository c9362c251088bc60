"""Functions that return tables: what stands in FROM and is neither a relation nor a query."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError

from artifact_warehouse.lineage.resolver.expressions import ITEM_FUNCTIONS, collect, use, value_of
from artifact_warehouse.lineage.resolver.flows import EXPRESSION, FIELD, GUESSED, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import FROM_NOWHERE, Frame, FunctionFrame, renamed, union
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.select_list import stacked_columns

_NAME_A_RELATION = {
    "cluster": 1, "clusterallreplicas": 1, "hop": 0, "identifier": 0, "query_table": 0, "remote": 1,
    "remotesecure": 1, "table": 0, "table_changes": 0, "tumble": 0,
}  # fmt: skip
"""Functions that read a relation, by the place of its name among their arguments.

https://docs.snowflake.com/en/sql-reference/identifier-literal,
https://docs.databricks.com/aws/en/sql/language-manual/functions/table_changes,
https://duckdb.org/docs/stable/sql/query_syntax/from, https://docs.risingwave.com/processing/sql/time-windows,
https://clickhouse.com/docs/sql-reference/table-functions/remote.
"""
_WINDOWS = ("hop", "tumble")
_OF_A_QUERY = ("view", "viewifpermitted")
"""ClickHouse's functions that are the query that they are given: https://clickhouse.com/docs/sql-reference/table-functions/view."""

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


class AddedFrame(Frame):
    """What a function returns that passes the columns of a table through, and adds others: those come from `added`."""

    __slots__ = ("added", "inner")

    def __init__(self, inner: Frame, added: Flow) -> None:
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

    def get(self, name: str) -> Flow | None:
        flow = self.inner.get(name)
        if flow is None:
            return self.added
        return flow if name in self.inner else flow.through(GUESSED)

    def rest(self) -> Flow:
        return self.added

    def spelling(self, name: str) -> str:
        return self.inner.spelling(name)


class UnknownFrame(Frame):
    """What is read from something that is unknown here: whatever comes from it is not resolved."""

    __slots__ = ()

    @property
    def is_open(self) -> bool:
        return True

    def get(self, name: str) -> Flow | None:
        return FROM_NOWHERE

    def rest(self) -> Flow:
        return FROM_NOWHERE


def unknown(source: exp.Expr, scope: Scope) -> Frame:
    """The frame of a source that is unknown here, which is noted."""
    try:
        text = source.sql(dialect=scope.walk.dialect.name)
    except (SqlglotError, ValueError):
        text = source.key
    scope.walk.unknown_sources[text if len(text) <= 60 else f"{text[:57]}..."] = None
    return UnknownFrame()


def function_frame(
    function: exp.Expr, alias: str, columns: list[str], scope: Scope, has_ordinality: bool = False
) -> Frame:
    """What a function in FROM returns."""
    if isinstance(function, exp.Unnest):
        return unnested(function, alias, columns, scope)
    if isinstance(function, exp.Query):
        return renamed(scope.walk.query(function, scope, scope.ctes), columns)
    if isinstance(function, exp.TableFromRows) and not isinstance(function.this, exp.Func):
        return _named_relation(function, function.this, scope)
    if isinstance(function, exp.TableFromRows):
        return function_frame(function.this, alias, columns, scope, has_ordinality)
    if isinstance(function, exp.DynamicIdentifier):
        return _named_relation(function, function.this, scope)
    if isinstance(function, exp.SemanticView):
        return renamed(_semantic_view(function, scope), columns)
    if isinstance(function, _ADD_COLUMNS):
        return renamed(_passing(function, scope), columns)
    if isinstance(function, exp.Anonymous) and (frame := _of_relation(function, scope)) is not None:
        return renamed(frame, columns)
    if not isinstance(function, _IN_FROM):
        return unknown(function, scope)
    return _of_arguments(function, alias, columns, scope, has_ordinality)


def _of_arguments(
    function: exp.Expr, alias: str, columns: list[str], scope: Scope, has_ordinality: bool
) -> FunctionFrame:
    """All columns come from all arguments; the last one counts the rows WITH ORDINALITY."""
    arguments = Flow()
    for argument in _arguments(function):
        collect(argument, scope, 0 if isinstance(function, ITEM_FUNCTIONS) else EXPRESSION, arguments)
    scope.walk.use("join", arguments)  # it makes rows
    is_flatten = isinstance(function, exp.Explode) and scope.walk.dialect.name == "snowflake"
    frame = FunctionFrame(arguments, columns, is_listed=bool(columns) and not is_flatten)
    for name, flow in zip(columns, stacked_columns(function, scope), strict=False):
        frame.columns[name.lower()] = flow
    if has_ordinality:
        frame.columns[columns[-1].lower() if columns else "ordinality"] = NOTHING
    if alias and not columns:
        frame.value = arguments
    return frame


def _arguments(function: exp.Expr) -> Iterator[exp.Expr]:
    """What a function is called with; of `name = value` the value: names of arguments look like columns."""
    if not isinstance(function, (exp.Anonymous, exp.ReadCSV, exp.ReadParquet)):
        yield function
        return
    for argument in function.expressions:
        is_named = isinstance(argument, exp.EQ) and isinstance(argument.this, exp.Column) and not argument.this.table
        yield argument.expression if is_named else argument


# ---------------------------------------------------------------------- functions that read a relation


def _of_relation(function: exp.Anonymous, scope: Scope) -> Frame | None:
    """What a function returns that is given the name of a relation, or a query; None for any other function."""
    name = function.name.lower()
    if name in _OF_A_QUERY and function.expressions and isinstance(function.expressions[0], exp.Query):
        return scope.walk.query(function.expressions[0], scope, scope.ctes)
    place = _NAME_A_RELATION.get(name)
    if place is None or len(function.expressions) <= place:
        return None
    frame = _named_relation(function, function.expressions[place], scope, function.expressions[place + 1 :])
    return _windowed(frame, function, scope) if name in _WINDOWS else frame


def _named_relation(source: exp.Expr, name: exp.Expr, scope: Scope, more: list[exp.Expr] | None = None) -> Frame:
    """The relation whose name is an argument; the schema and the relation may be two, as in ClickHouse."""
    is_schema = (
        isinstance(name, exp.Literal) and "." not in name.name and source.name.lower().startswith(("remote", "cl"))
    )
    if is_schema and more and isinstance(more[0], exp.Literal):
        return scope.walk.relation((name.name, more[0].name))
    if isinstance(name, exp.DynamicIdentifier):
        return _named_relation(source, name.this, scope)
    if isinstance(name, exp.Literal) and name.is_string:
        try:
            name = exp.to_table(name.name, dialect=scope.walk.dialect.name)
        except (SqlglotError, ValueError):
            return unknown(source, scope)
    if not isinstance(name, (exp.Column, exp.Table)):
        return unknown(source, scope)
    parts = tuple(part.name for part in name.parts)
    cte = scope.ctes.get(parts[0].lower()) if len(parts) == 1 else None
    return scope.walk.relation(parts) if cte is None or cte.is_value else scope.walk.cte(cte)


def _windowed(frame: Frame, function: exp.Anonymous, scope: Scope) -> Frame:
    """TUMBLE(t, time, …) and HOP(t, time, …): the columns of t, and two that come from its time."""
    result = Frame()
    for name in frame.names():
        result.put(frame.spelling(name), frame.columns_flow(name))
    (result.unlisted if frame.is_open else result.starred).append(frame)
    time = function.expressions[1] if len(function.expressions) > 1 else None
    flow = (frame.get(time.name.lower()) if isinstance(time, exp.Column) else None) or NOTHING
    for name in ("window_start", "window_end"):
        result.put(name, flow.through(EXPRESSION))
    return result


def _passing(function: exp.Expr, scope: Scope) -> Frame:
    """What a function returns that passes the columns of a table through.

    What it adds comes from all columns that a query has chosen for it; which columns of a whole table it reads is
    unknown.
    """
    table = function.args.get("expression") or function.this
    inner = _argument_table(table, scope)
    if inner is None:
        return unknown(function, scope)
    query_table = function.args.get("query_table")
    if query_table is None:
        return AddedFrame(inner, FROM_NOWHERE if isinstance(table, exp.Table) else inner.row())
    result = FunctionFrame(FROM_NOWHERE)
    result.put("base", inner.row())
    result.put("query", (_argument_table(query_table, scope) or unknown(function, scope)).row())
    return result


def _semantic_view(view: exp.Expr, scope: Scope) -> Frame:
    """Snowflake's SEMANTIC_VIEW: the metrics, dimensions and facts that are listed of a relation.

    https://docs.snowflake.com/en/sql-reference/constructs/semantic_view
    """
    inner = Scope(scope.walk, scope, scope.ctes)
    inner.frames = {view.this.alias_or_name.lower(): _named_relation(view, view.this, scope)}
    result = Frame()
    for kind in ("metrics", "dimensions", "facts"):
        for item in view.args.get(kind) or ():
            result.put(item.alias_or_name, value_of(item.this if isinstance(item, exp.Alias) else item, inner))
    where = view.args.get("where")
    use("filter", [where] if where is not None else [], inner)
    return result


def _argument_table(table: exp.Expr, scope: Scope) -> Frame | None:
    if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier):
        return _named_relation(table, table, scope)
    return scope.walk.query(table, scope, scope.ctes) if isinstance(table, exp.Query) else None


# ---------------------------------------------------------------------- UNNEST


def unnested(unnest: exp.Unnest, alias: str, columns: list[str], scope: Scope) -> Frame:
    """A row for each item of a list."""
    items = Flow()
    for expression in unnest.expressions:
        collect(expression, scope, FIELD, items)
    scope.walk.use("join", items)
    offset = unnest.args.get("offset")
    offset_name = offset.name.lower() if isinstance(offset, exp.Identifier) else "offset" if offset else ""
    names = [name for name in columns if name.lower() != offset_name]
    if len(unnest.expressions) == 1:
        items.fields = value_of(unnest.expressions[0], scope).fields
    is_side_by_side = 1 < len(unnest.expressions) <= len(names)
    frame = _side_by_side(unnest, names, scope) if is_side_by_side else items_frame(items)
    for name in names or ([alias] if alias else []):
        if name.lower() not in frame.columns:
            frame.put(name, items)
    if offset_name:
        frame.columns[offset_name] = NOTHING
    if isinstance(frame, FunctionFrame):
        frame.is_listed = bool(columns) and scope.walk.dialect.lists_unnested
        frame.is_bare = not alias and not columns
    return frame


def _side_by_side(unnest: exp.Unnest, names: list[str], scope: Scope) -> Frame:
    """unnest(a, b) AS t (x, y): the items of a in x, those of b in y."""
    frame = Frame()
    for index, name in enumerate(names):
        flow = Flow()
        if index < len(unnest.expressions):
            collect(unnest.expressions[index], scope, FIELD, flow)
        frame.put(name, flow)
    return frame


def items_frame(items: Flow) -> Frame:
    """The rows that an array's items make: their fields, where the query has built them, or anything."""
    fields = items.fields
    if isinstance(fields, Frame):
        frame = Frame()
        for name in fields.names():
            frame.put(fields.spelling(name), fields.columns_flow(name))
    else:
        frame = FunctionFrame(items.through(FIELD))
    frame.value = items
    return frame


def rows_from(functions: list[exp.Expr], columns: list[str], scope: Scope) -> Frame:
    """Postgres' ROWS FROM (f(…), g(…)) AS t (a, b): the rows of all functions, side by side.

    https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-TABLEFUNCTIONS
    """
    flows = []
    for function in functions:
        inner = function.this if isinstance(function, exp.Table) else function
        frame = function_frame(inner, "", [], scope)
        flows.append(frame.value or frame.rest())
    if len(columns) != len(flows):
        return FunctionFrame(union(flows), columns, is_listed=bool(columns))
    result = Frame()
    for name, flow in zip(columns, flows, strict=True):
        result.put(name, flow)
    return result


def object_items(value: exp.Expr, names: list[str], scope: Scope) -> Frame:
    """Redshift's UNPIVOT of an object: a row for each attribute, with its value and its name.

    https://docs.aws.amazon.com/redshift/latest/dg/query-super.html#unpivoting
    """
    items = value_of(value, scope).through(FIELD)
    scope.walk.use("join", items)
    return FunctionFrame(items, names, is_listed=True)
