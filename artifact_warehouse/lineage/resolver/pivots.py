"""PIVOT, UNPIVOT and MATCH_RECOGNIZE: they turn the columns of a source into others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import collect, use
from artifact_warehouse.lineage.resolver.provenance import AGGREGATE, CONDITION, EXPRESSION, NOTHING, Provenance
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import AliasedSource, FunctionSource, Source, renamed, union
from artifact_warehouse.lineage.resolver.stars import chosen, star_of

_VARIABLE = re.compile(r'"[^"]+"|[^\W\d]\w*')
"""A variable of a row pattern."""


def pivoted(source: Source, pivot: exp.Pivot, scope: Scope) -> Source:
    """What `FROM t PIVOT (…)` or `FROM t UNPIVOT (…)` makes of a source."""
    result = _unpivot(source, pivot, scope) if pivot.args.get("unpivot") else _pivot(source, pivot, scope)
    alias = pivot.args.get("alias")
    names = [column.name for column in alias.args.get("columns") or ()] if alias is not None else []
    return renamed(result, names)


def _reading(source: Source, scope: Scope) -> Scope:
    """A scope that reads from one source only."""
    inner = Scope(scope.resolver, scope.outer, scope.ctes)
    inner.sources = {"": source}
    return inner


def _named_columns(expressions: Iterable[exp.Expr]) -> set[str]:
    return {column.name.lower() for expression in expressions for column in expression.find_all(exp.Column)}


def _keep(result: Source, source: Source, names: Iterable[str]) -> None:
    for name in names:
        if (provenance := source.get(name)) is not None:
            result.put(source.spelling(name), provenance)


def _group(result: Source, scope: Scope) -> None:
    """Note that a PIVOT groups by the columns that it keeps."""
    for provenance in result.columns.values():
        scope.resolver.use("group", provenance)


def _pivot(source: Source, pivot: exp.Pivot, scope: Scope) -> Source:
    inner, result = _reading(source, scope), AliasedSource()
    fields = pivot.args.get("fields") or ()
    deciding = Provenance()
    for field in fields:
        collect(field.this if isinstance(field, exp.In) else field, inner, EXPRESSION | CONDITION, deciding)
    aggregates = _aggregates(pivot.expressions, deciding, inner)
    used = _named_columns(
        [*(field.this if isinstance(field, exp.In) else field for field in fields), *pivot.expressions]
    )
    _keep(result, source, [name for name in source.names() if name not in used])
    _group(result, scope)
    queries = [member for field in fields for member in field.expressions if isinstance(member, exp.Query)]
    use("filter", queries, scope)
    made = [] if queries else [column.name for column in pivot.args.get("columns") or ()]
    for index, name in enumerate(made):
        provenance = aggregates[index % len(aggregates)] if aggregates else deciding
        result.put(name, provenance)
        if name[:1] in ("'", '"'):
            result.other_names[name.strip("'\"").lower()] = provenance
    if not made:  # PIVOT … IN (ANY), IN (SELECT …): its columns are known when it runs
        result.unlisted.append(FunctionSource(union(aggregates)))
    if source.is_open:
        result.unlisted.append(source)
    return result


def _aggregates(expressions: Iterable[exp.Expr], deciding: Provenance, scope: Scope) -> list[Provenance]:
    """The provenance of each aggregate of a PIVOT, and of the columns that decide where its values go."""
    provenances = []
    for expression in expressions:
        provenance = Provenance()
        collect(expression, scope, EXPRESSION | AGGREGATE, provenance)
        provenance.add(deciding)
        provenances.append(provenance)
    return provenances


# ---------------------------------------------------------------------- UNPIVOT


class _Groups(NamedTuple):
    """The columns that UNPIVOT turns into rows, by lower-case name: one group for each row."""

    groups: list[list[str]]
    rest: Provenance
    """The provenance of chosen columns that are unknown."""
    excepted: list[str]
    """Columns that the source is known to have, and that are not chosen."""

    @property
    def used(self) -> set[str]:
        return {name for group in self.groups for name in group}


def _unpivot(source: Source, pivot: exp.Pivot, scope: Scope) -> Source:
    name_column, members = None, []
    for field in pivot.args.get("fields") or ():
        if isinstance(field, exp.In):
            name_column = field.this.name
            members += field.expressions
    made = [e.expressions if isinstance(e, exp.Tuple) else [e] for e in pivot.expressions]
    value_columns = [column.name for columns in made for column in columns]
    return _unpivoted(source, pivot, members, name_column, value_columns, scope)


def _unpivoted(
    source: Source, pivot: exp.Pivot, members: list[exp.Expr], name: str | None, values: list[str], scope: Scope
) -> Source:
    """Each group of columns becomes a row: of their values, and of a name that says which group it was.

    A NULL makes no row without INCLUDE NULLS. So the values also decide which names there are.
    """
    chosen_groups = _groups(members, _reading(source, scope))
    used = chosen_groups.used
    result = Source()
    kept = [name for name in source.names() if name not in used]
    _keep(result, source, [*kept, *(name for name in chosen_groups.excepted if name not in kept)])
    every = union((provenance for name in sorted(used) if (provenance := source.get(name))), EXPRESSION | CONDITION)
    every.add(chosen_groups.rest, EXPRESSION | CONDITION)
    has_nulls = bool(pivot.args.get("include_nulls"))
    if name:
        result.put(name, NOTHING if has_nulls else every)
    if not has_nulls:
        scope.resolver.use("filter", every)
    for index, value in enumerate(values):
        of_groups = [source.get(group[index]) for group in chosen_groups.groups if index < len(group)]
        provenance = union(provenance for provenance in of_groups if provenance)
        provenance.add(chosen_groups.rest)
        result.put(value, provenance)
    if source.is_open and not chosen_groups.rest:
        result.unlisted.append(source)
    return result


def _groups(members: Iterable[exp.Expr], scope: Scope) -> _Groups:
    groups: list[list[str]] = []
    rest = Provenance()
    excepted: list[str] = []
    for member in members:
        inner = member.this if isinstance(member, (exp.PivotAlias, exp.Alias)) else member
        columns = inner.this if isinstance(inner, exp.Columns) else inner
        if isinstance(inner, exp.Columns) or star_of(columns) is not None:
            every = chosen(columns, scope)
            groups += [[name] for name in every.names()]
            if every.is_open:
                rest.add(every.rest())
                excepted += [column.name.lower() for column in columns.args.get("except_") or ()]
        else:
            named = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
            groups.append([column.name.lower() for column in named])
    return _Groups(groups, rest, excepted)


# ---------------------------------------------------------------------- DuckDB's statements


def duckdb_pivot(pivot: exp.Pivot, scope: Scope) -> Source:
    """DuckDB's statements `PIVOT t ON … USING …` and `UNPIVOT t ON … INTO …`, on what `scope` reads."""
    source = next(iter(scope.sources.values()))
    if pivot.args.get("fields"):
        return pivoted(source, pivot, scope)
    if pivot.args.get("unpivot"):
        into = pivot.args.get("into")
        made = [identifier.name for identifier in into.find_all(exp.Identifier)] if into is not None else ["name"]
        return _unpivoted(source, pivot, pivot.expressions, made[0], made[1:] or ["value"], scope)
    using = pivot.args.get("using") or []
    deciding = Provenance()
    for expression in pivot.expressions:
        collect(expression, scope, EXPRESSION | CONDITION, deciding)
    aggregates = _aggregates(using, deciding, scope) or [deciding]
    result = Source()
    group = pivot.args.get("group")
    if group is not None:
        kept = [column.name.lower() for column in group.expressions]
    else:
        used = _named_columns([*using, *pivot.expressions])
        kept = [name for name in source.names() if name not in used]
    _keep(result, source, kept)
    _group(result, scope)
    suffixes = _suffixes(using)
    values = _values(pivot.expressions)
    for value in values:
        for suffix, provenance in zip(suffixes, aggregates, strict=True):
            result.put(f"{value}{suffix}", provenance)
    if not values:
        result.unlisted.append(_PivotSource(union(aggregates), dict(zip(suffixes, aggregates, strict=True))))
    return result


def _values(on: list[exp.Expr]) -> list[str]:
    """The prefixes of the columns of `PIVOT … ON a IN ('x', 'y')`; none where they depend on the data."""
    if not on or not all(isinstance(e, exp.In) and e.expressions for e in on):
        return []
    return ["_".join(value.name for value in values) for values in product(*(e.expressions for e in on))]


def _suffixes(using: list[exp.Expr]) -> list[str]:
    """The suffix of the columns of each aggregate."""
    if len(using) < 2 and not any(isinstance(e, exp.Alias) for e in using):
        return [""]
    return [f"_{e.alias or e.sql('duckdb').lower()}" for e in using]


class _PivotSource(FunctionSource):
    """The columns of a PIVOT that depend on the data. Each name ends with the suffix of its aggregate."""

    __slots__ = ("aggregates",)

    def __init__(self, arguments: Provenance, aggregates: dict[str, Provenance]) -> None:
        super().__init__(arguments)
        self.aggregates = aggregates

    def get(self, name: str) -> Provenance | None:
        ending = max((suffix for suffix in self.aggregates if name.endswith(suffix.lower())), key=len, default=None)
        return self.arguments if ending is None else self.aggregates[ending]


# ---------------------------------------------------------------------- MATCH_RECOGNIZE


def matched(source: Source, match: exp.MatchRecognize, scope: Scope) -> Source:
    """What `FROM t MATCH_RECOGNIZE (…)` makes of a source: a row for each match, or for each row of one."""
    inner = _reading(source, scope)
    for variable in match.args.get("define") or ():
        inner.sources[variable.alias.lower()] = source
    for variable in _VARIABLE.findall(match.args["pattern"].name if match.args.get("pattern") is not None else ""):
        inner.sources[variable.strip('"').lower()] = source  # a variable without DEFINE matches any row
    result = Source()
    is_all = "ALL" in match.args["rows"].name.upper() if match.args.get("rows") is not None else False
    partition = match.args.get("partition_by") or ()
    _keep(result, source, source.names() if is_all else [column.name.lower() for column in partition])
    for measure in match.args.get("measures") or ():
        provenance = Provenance()
        collect(measure.this.this, inner, EXPRESSION | AGGREGATE, provenance)
        result.put(measure.this.alias, provenance)
    order = match.args.get("order")
    for kind, clauses in (("group", partition), ("sort", [order] if order else ()), ("filter", match.args["define"])):
        use(kind, clauses or (), inner)
    if is_all and source.is_open:
        result.unlisted.append(source)
    return result
