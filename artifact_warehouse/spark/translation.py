"""Translates a view of sql/ from DuckDB's SQL to Spark's: sqlglot, and a rule for each construct that it gets wrong.

A rule is a function of a node of the syntax tree. It returns the node, or another one in its place. The rules are
applied from the leaves up, so a rule sees operands that are translated already. They rely on Spark's defaults (ANSI
mode), on `spark.sql.timestampType=TIMESTAMP_NTZ`, and on UTC as the time zone of the session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sqlglot import exp, parse_one

from artifact_warehouse.storage import SqlFile

Rule = Callable[[exp.Expr], exp.Expr]

_NO_TEXTS = "CAST(array() AS ARRAY<STRING>)"
_TEXT_OF_EACH = (
    "CASE WHEN :json IS NOT NULL THEN coalesce("
    "transform(filter(from_json(:list, 'ARRAY<VARIANT>'), e -> try_variant_get(e, :path) IS NOT NULL), "
    f"e -> try_variant_get(e, :path, 'string')), {_NO_TEXTS}) END"
)
_EACH_AS_TEXT = (
    "CASE WHEN :json IS NOT NULL THEN coalesce("
    f"transform(from_json(:list, 'ARRAY<VARIANT>'), e -> try_variant_get(e, '$', 'string')), {_NO_TEXTS}) END"
)
_LAST_TEXT_OF_EACH = (
    "CASE WHEN :json IS NOT NULL THEN coalesce("
    "transform(filter(from_json(:list, 'ARRAY<ARRAY<VARIANT>>'), e -> size(e) > 0), "
    f"e -> try_variant_get(element_at(e, -1), '$', 'string')), {_NO_TEXTS}) END"
)
_VALUE_OF_KEY = (
    "to_json(try_element_at(from_json(:json, 'MAP<STRING, VARIANT>'), "
    "replace(replace(substr(:pointer, 2), '~1', '/'), '~0', '~')))"
)
_VALUES = "transform(map_values(from_json(:json, 'MAP<STRING, VARIANT>')), e -> to_json(e))"
_HUGE_OF_ROUNDED = (
    "CAST(floor(:x / 4294967296D) AS DECIMAL(38, 0)) * 4294967296 "
    "+ CAST(:x - floor(:x / 4294967296D) * 4294967296D AS BIGINT)"
)


def translate(file: SqlFile, schema_of: Callable[[str], str] = str) -> str:
    """The statement that creates the view in Spark. `schema_of` says where a schema lies in Spark's catalog."""
    tree = parse_one(file.definition, read="duckdb")
    for table in tree.find_all(exp.Table):
        if table.db:
            *catalog, schema = schema_of(table.db).split(".")
            table.set("db", exp.to_identifier(schema))
            table.set("catalog", exp.to_identifier(catalog[0]) if catalog else None)
    for node in reversed([*tree.walk()]):
        replaced = node
        for rule in _RULES:
            replaced = rule(replaced)
        if replaced is not node:
            node.replace(replaced)
    return tree.sql(dialect="spark", comments=False)


def _spark(template: str, **parts: exp.Expr) -> exp.Expr:
    """An expression of Spark's SQL, with expressions in the places of its `:name`."""
    return exp.replace_placeholders(_parsed(template).copy(), **{name: part.copy() for name, part in parts.items()})


@cache
def _parsed(template: str) -> exp.Expr:
    return parse_one(template, read="spark")


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _name_of_call(node: exp.Expr) -> str:
    """The name of a function that sqlglot does not know, else an empty text."""
    return node.name.lower() if isinstance(node, exp.Anonymous) else ""


def without_materialized(node: exp.Expr) -> exp.Expr:
    """Spark has no MATERIALIZED."""
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    return node


def arrow_as_json(node: exp.Expr) -> exp.Expr:
    """An argument `x -> '$.a'` is a value in a JSON; sqlglot takes it for a lambda."""
    if not (isinstance(node, exp.Lambda) and isinstance(node.this, exp.Literal)):
        return node
    json, keys = node.expressions[0], node.this.name.removeprefix("$.").split(".")
    path = [exp.JSONPathRoot(), *(exp.JSONPathKey(this=key) for key in keys)]
    column = exp.column(json.copy()) if isinstance(json, exp.Identifier) else json.copy()
    return exp.JSONExtract(this=column, expression=exp.JSONPath(expressions=path))


def json_list(node: exp.Expr) -> exp.Expr:
    """A path with [*] or .* gives a list in DuckDB. In Spark it gives a text, and a bare value where one matches."""
    path = _path(node)
    if path == "$.*":
        return _spark(_VALUES, json=node.this)
    if "[*]" not in path:
        return node
    before, after = path.split("[*]", 1)
    whole = node.this if before == "$" else _call("get_json_object", node.this, exp.Literal.string(before))
    if not after:
        return _spark(_EACH_AS_TEXT, json=node.this, list=whole)
    if after == "[#-1]":
        return _spark(_LAST_TEXT_OF_EACH, json=node.this, list=whole)
    return _spark(_TEXT_OF_EACH, json=node.this, list=whole, path=exp.Literal.string(f"${after}"))


def json_pointer(node: exp.Expr) -> exp.Expr:
    """A computed pointer `'/' || key` names one key. Spark would take it for a path, and find nothing."""
    if isinstance(node, exp.JSONExtract) and not isinstance(node.expression, (exp.JSONPath, exp.Literal)):
        return _spark(_VALUE_OF_KEY, json=node.this, pointer=node.expression)
    return node


def json_as_text(node: exp.Expr) -> exp.Expr:
    """Spark keeps JSON as text."""
    if isinstance(node, exp.Cast) and node.to.is_type("json"):
        return exp.cast(node.this, "text")
    return node


def json_keys(node: exp.Expr) -> exp.Expr:
    """`json_keys` has another name."""
    if isinstance(node, exp.JSONKeys):
        return _call("json_object_keys", node.this)
    return _call("json_object_keys", *node.expressions) if _name_of_call(node) == "json_keys" else node


def hugeint(node: exp.Expr) -> exp.Expr:
    """HUGEINT is DECIMAL(38, 0). Spark casts a double by its shortest text; two halves keep all its digits."""
    if not (isinstance(node, exp.Cast) and node.to.is_type("int128")):
        return node
    if isinstance(node.this, exp.Round):
        return exp.paren(_spark(_HUGE_OF_ROUNDED, x=node.this), copy=False)
    return exp.cast(node.this, "DECIMAL(38, 0)")


def quantile(node: exp.Expr) -> exp.Expr:
    """Exact quantiles. Spark's MEDIAN takes no frame."""
    if isinstance(node, exp.PercentileCont) and node.expression:
        return _call("percentile", node.this, node.expression)
    if isinstance(node, exp.Quantile):
        return _call("percentile", node.this, node.args["quantile"])
    return _call("percentile", node.this, exp.Literal.number("0.5")) if isinstance(node, exp.Median) else node


def arg_max(node: exp.Expr) -> exp.Expr:
    """`arg_max` passes over rows without a value, as Spark's max_by does not; `arg_max_null` is max_by."""
    if (name := _name_of_call(node)) in ("arg_max_null", "arg_min_null"):
        return _call("max_by" if name == "arg_max_null" else "min_by", *node.expressions)
    if not isinstance(node, (exp.ArgMax, exp.ArgMin)):
        return node
    key = _spark("CASE WHEN :value IS NOT NULL THEN :key END", value=node.this, key=node.expression)
    return _call("max_by" if isinstance(node, exp.ArgMax) else "min_by", node.this, key)


def microseconds(node: exp.Expr) -> exp.Expr:
    """`time - to_microseconds(n)`."""
    if not (isinstance(node, (exp.Add, exp.Sub)) and _name_of_call(node.expression) == "to_microseconds"):
        return node
    count = exp.paren(node.expression.expressions[0])
    sign = "-" if isinstance(node, exp.Sub) else ""
    return _spark(f"timestampadd(MICROSECOND, {sign}:count, :time)", count=count, time=node.this)


def infinite_time(node: exp.Expr) -> exp.Expr:
    """Spark's times have no infinity: its first and its last time."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and "infinity" in node.this.name.lower()):
        return node
    is_first = node.this.name.startswith("-")
    return _spark(f"TIMESTAMP_NTZ '{'0001-01-01 00:00:00' if is_first else '9999-12-31 23:59:59.999999'}'")


def ordered_list(node: exp.Expr) -> exp.Expr:
    """Spark's `collect_list` loses the order of `list(x ORDER BY y)`."""
    aggregate, condition = _filtered(node, exp.ArrayAgg)
    if aggregate is None or not isinstance(aggregate.this, exp.Order):
        return node
    return _sorted_list(aggregate.this.this, aggregate.this.expressions, condition)


def empty_list(node: exp.Expr) -> exp.Expr:
    """`[]` has no type of its own in DuckDB; all of ours are lists of texts."""
    return _spark(_NO_TEXTS) if isinstance(node, exp.Array) and not node.expressions else node


def distinct_list(node: exp.Expr) -> exp.Expr:
    """`list_distinct` drops NULL, and `list_concat` passes over a NULL list."""
    if isinstance(node, exp.ArrayDistinct):
        return exp.ArrayDistinct(this=_call("array_compact", node.this))
    if isinstance(node, exp.ArrayConcat):
        lists = (_spark(f"coalesce(:list, {_NO_TEXTS})", list=item) for item in (node.this, *node.expressions))
        return _call("concat", *lists)
    return node


def joined_texts(node: exp.Expr) -> exp.Expr:
    """Spark 4.3 fails to run some ordered LISTAGG: a list is sorted and joined instead."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.GroupConcat):
        texts, separator = node.copy(), _separator(node.this)
        texts.set("this", _call("collect_list", node.this.this))
        return _call("array_join", texts, separator)
    aggregate, condition = _filtered(node, exp.GroupConcat)
    return node if aggregate is None else _joined(aggregate, condition)


def parallel_unnest(node: exp.Expr) -> exp.Expr:
    """Several `unnest` beside each other walk through their lists together. In Spark each would multiply the rows."""
    if not isinstance(node, exp.Select):
        return node
    unnested = [item for item in node.expressions if isinstance(item.unalias(), exp.Explode)]
    if len(unnested) > 1:
        zipped = exp.Inline(this=exp.ArraysZip(expressions=[item.unalias().this.copy() for item in unnested]))
        names = [exp.to_identifier(item.alias) for item in unnested]
        first = node.expressions.index(unnested[0])
        if node.expressions[first : first + len(unnested)] != unnested:
            raise ValueError("no rule for columns between several unnest")
        others = [item for item in node.expressions if item not in unnested]
        node.set("expressions", [*others[:first], exp.Aliases(this=zipped, expressions=names), *others[first:]])
    return node


def escaped_pattern(node: exp.Expr) -> exp.Expr:
    """`regexp_escape` is unknown."""
    if _name_of_call(node) == "regexp_escape":
        return _spark(r"regexp_replace(:x, '([^A-Za-z0-9_])', '\\\\$1')", x=node.expressions[0])
    return node


def ordered_row_number(node: exp.Expr) -> exp.Expr:
    """Spark's `row_number` needs an order."""
    is_bare = isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber)
    if is_bare and not node.args.get("order") and not node.args.get("alias"):
        node.set("order", exp.Order(expressions=[exp.Ordered(this=exp.Literal.number(1))]))
    return node


def inherited_window(node: exp.Expr) -> exp.Expr:
    """`OVER (name ORDER BY …)` is no syntax of Spark's: the partition of the named window is written out."""
    alias = node.args.get("alias") if isinstance(node, exp.Window) else None
    if not (isinstance(alias, exp.Identifier) and node.args.get("order") and node.args.get("over")):
        return node
    select = node.find_ancestor(exp.Select)
    named = next(window for window in select.args["windows"] if window.name == alias.name)  # type: ignore[union-attr]
    node.set("partition_by", [key.copy() for key in named.args.get("partition_by") or []])
    node.set("alias", None)
    return node


def big_rank(node: exp.Expr) -> exp.Expr:
    """`row_number` and ranks are BIGINT in DuckDB, and INT in Spark."""
    is_rank = isinstance(node, exp.Window) and isinstance(node.this, (exp.RowNumber, exp.Rank, exp.DenseRank))
    return exp.cast(node, "bigint") if is_rank and not isinstance(node.parent, exp.Cast) else node


def window_before_minus(node: exp.Expr) -> exp.Expr:
    """`OVER name - 1` is an identifier with a hyphen to Spark's parser."""
    is_named = isinstance(node, exp.Window) and isinstance(node.args.get("alias"), exp.Identifier)
    return exp.paren(node) if is_named and isinstance(node.parent, exp.Sub) else node


_RULES: tuple[Rule, ...] = (
    *(without_materialized, arrow_as_json, json_list, json_pointer, json_as_text, json_keys),
    *(hugeint, quantile, arg_max, microseconds, infinite_time),
    *(ordered_list, empty_list, distinct_list, joined_texts, parallel_unnest, escaped_pattern),
    *(ordered_row_number, inherited_window, big_rank, window_before_minus),
)


def _path(node: exp.Expr) -> str:
    """The constant path of an extraction from a JSON, else an empty text."""
    if not isinstance(node, (exp.JSONExtract, exp.JSONExtractScalar)):
        return ""
    path = node.expression
    return path.sql(dialect="duckdb").strip("'") if isinstance(path, (exp.JSONPath, exp.Literal)) else ""


def _filtered(node: exp.Expr, kind: type[exp.Expr]) -> tuple[exp.Expr | None, exp.Expr | None]:
    """The aggregate of that kind that the node is, and the condition of its FILTER. None for another node."""
    if isinstance(node, exp.Filter) and isinstance(node.this, kind):
        return node.this, node.expression.this
    is_whole = isinstance(node, kind) and not isinstance(node.parent, (exp.Filter, exp.Window))
    return (node, None) if is_whole else (None, None)


def _separator(node: exp.Expr) -> exp.Expr:
    return node.args.get("separator") or exp.Literal.string(",")


def _joined(node: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """The texts of a group, joined; NULL where there is none."""
    value: exp.Expr = node.this
    keys: list[exp.Expr] = []
    while isinstance(value, (exp.Order, exp.Distinct)):
        keys = value.expressions if isinstance(value, exp.Order) else keys
        value = value.this if isinstance(value, exp.Order) else value.expressions[0]
    texts = exp.Distinct(expressions=[value.copy()]) if node.find(exp.Distinct) else value
    listed = _sorted_list(texts, keys, condition)
    return _spark("nullif(array_join(:texts, :separator), '')", texts=listed, separator=_separator(node))


def _sorted_list(value: exp.Expr, keys: list[exp.Expr], condition: exp.Expr | None = None) -> exp.Expr:
    """The list of a group's values, sorted by keys, else by themselves."""
    is_distinct = isinstance(value, exp.Distinct)
    value = value.expressions[0] if is_distinct else value
    filtered = " FILTER (WHERE :condition)" if condition is not None else ""
    parts = {"value": value, **({"condition": condition} if condition is not None else {})}
    if not keys or [key.this for key in keys] == [value]:
        collect = "collect_set" if is_distinct else "collect_list"
        return _spark(f"sort_array({collect}(:value){filtered})", **parts)
    if is_distinct or any(key.args.get("desc") for key in keys):
        raise ValueError(f"no rule for the order of {value.sql()}")
    places = {f"key{number}": key.this for number, key in enumerate(keys)}
    entry = f"struct({', '.join(f':{name}' for name in places)}, :value AS value)"
    return _spark(f"transform(sort_array(collect_list({entry}){filtered}), e -> e.value)", **parts, **places)
