"""What makes other columns of a relation's: PIVOT, UNPIVOT and MATCH_RECOGNIZE."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import collect, use
from artifact_warehouse.lineage.resolver.flows import AGGREGATE, CONDITION, EXPRESSION, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import AliasedFrame, Frame, FunctionFrame, renamed, union
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.stars import chosen, star_of

_VARIABLE = re.compile(r'"[^"]+"|[^\W\d]\w*')
"""A variable of a row pattern."""


def pivoted(frame: Frame, pivot: exp.Pivot, scope: Scope) -> Frame:
    """What `FROM t PIVOT (…)` or `FROM t UNPIVOT (…)` makes of a frame."""
    result = _unpivot(frame, pivot, scope) if pivot.args.get("unpivot") else _pivot(frame, pivot, scope)
    alias = pivot.args.get("alias")
    names = [column.name for column in alias.args.get("columns") or ()] if alias is not None else []
    return renamed(result, names)


def _reading(frame: Frame, scope: Scope) -> Scope:
    """A scope that reads from one frame only."""
    inner = Scope(scope.walk, scope.outer, scope.ctes)
    inner.frames = {"": frame}
    return inner


def _named_columns(expressions: Iterable[exp.Expr]) -> set[str]:
    return {column.name.lower() for expression in expressions for column in expression.find_all(exp.Column)}


def _keep(result: Frame, frame: Frame, names: Iterable[str]) -> None:
    for name in names:
        if (flow := frame.get(name)) is not None:
            result.put(frame.spelling(name), flow)


def _group(result: Frame, scope: Scope) -> None:
    """Note that a PIVOT makes one row of all that agree in what it keeps."""
    for flow in result.columns.values():
        scope.walk.use("group", flow)


def _pivot(frame: Frame, pivot: exp.Pivot, scope: Scope) -> Frame:
    inner, result = _reading(frame, scope), AliasedFrame()
    fields = pivot.args.get("fields") or ()
    deciding = Flow()
    for field in fields:
        collect(field.this if isinstance(field, exp.In) else field, inner, EXPRESSION | CONDITION, deciding)
    aggregates = _aggregates(pivot.expressions, deciding, inner)
    used = _named_columns(
        [*(field.this if isinstance(field, exp.In) else field for field in fields), *pivot.expressions]
    )
    _keep(result, frame, [name for name in frame.names() if name not in used])
    _group(result, scope)
    queries = [member for field in fields for member in field.expressions if isinstance(member, exp.Query)]
    use("filter", queries, scope)
    made = [] if queries else [column.name for column in pivot.args.get("columns") or ()]
    for index, name in enumerate(made):
        flow = aggregates[index % len(aggregates)] if aggregates else deciding
        result.put(name, flow)
        if name[:1] in ("'", '"'):
            result.other_names[name.strip("'\"").lower()] = flow
    if not made:  # PIVOT … IN (ANY), IN (SELECT …): its columns are known when it runs
        result.unlisted.append(FunctionFrame(union(aggregates)))
    if frame.is_open:
        result.unlisted.append(frame)
    return result


def _aggregates(expressions: Iterable[exp.Expr], deciding: Flow, scope: Scope) -> list[Flow]:
    """The flow of each aggregate of a PIVOT, with what decides into which column its values go."""
    flows = []
    for expression in expressions:
        flow = Flow()
        collect(expression, scope, EXPRESSION | AGGREGATE, flow)
        flow.add(deciding)
        flows.append(flow)
    return flows


# ---------------------------------------------------------------------- UNPIVOT


class _Groups(NamedTuple):
    """The columns that UNPIVOT makes rows of, by lower-case name: those of each row."""

    groups: list[list[str]]
    rest: Flow
    """What comes from columns that are chosen, and unknown."""
    excepted: list[str]
    """Columns that are there, and not chosen."""

    @property
    def used(self) -> set[str]:
        return {name for group in self.groups for name in group}


def _unpivot(frame: Frame, pivot: exp.Pivot, scope: Scope) -> Frame:
    name_column, members = None, []
    for field in pivot.args.get("fields") or ():
        if isinstance(field, exp.In):
            name_column = field.this.name
            members += field.expressions
    made = [e.expressions if isinstance(e, exp.Tuple) else [e] for e in pivot.expressions]
    value_columns = [column.name for columns in made for column in columns]
    return _unpivoted(frame, pivot, members, name_column, value_columns, scope)


def _unpivoted(
    frame: Frame, pivot: exp.Pivot, members: list[exp.Expr], name: str | None, values: list[str], scope: Scope
) -> Frame:
    """Each group of columns becomes a row: of their values, and of a name that says which group it was.

    There is no row for a NULL, unless asked for: what is NULL decides which names there are.
    """
    chosen_groups = _groups(members, _reading(frame, scope))
    used = chosen_groups.used
    result = Frame()
    kept = [name for name in frame.names() if name not in used]
    _keep(result, frame, [*kept, *(name for name in chosen_groups.excepted if name not in kept)])
    every = union((flow for name in sorted(used) if (flow := frame.get(name))), EXPRESSION | CONDITION)
    every.add(chosen_groups.rest, EXPRESSION | CONDITION)
    has_nulls = bool(pivot.args.get("include_nulls"))
    if name:
        result.put(name, NOTHING if has_nulls else every)
    if not has_nulls:
        scope.walk.use("filter", every)
    for index, value in enumerate(values):
        of_groups = [frame.get(group[index]) for group in chosen_groups.groups if index < len(group)]
        flow = union(flow for flow in of_groups if flow)
        flow.add(chosen_groups.rest)
        result.put(value, flow)
    if frame.is_open and not chosen_groups.rest:
        result.unlisted.append(frame)
    return result


def _groups(members: Iterable[exp.Expr], scope: Scope) -> _Groups:
    groups: list[list[str]] = []
    rest = Flow()
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


def duckdb_pivot(pivot: exp.Pivot, scope: Scope) -> Frame:
    """DuckDB's statements `PIVOT t ON … USING …` and `UNPIVOT t ON … INTO …`, on what `scope` reads."""
    frame = next(iter(scope.frames.values()))
    if pivot.args.get("fields"):
        return pivoted(frame, pivot, scope)
    if pivot.args.get("unpivot"):
        into = pivot.args.get("into")
        made = [identifier.name for identifier in into.find_all(exp.Identifier)] if into is not None else ["name"]
        return _unpivoted(frame, pivot, pivot.expressions, made[0], made[1:] or ["value"], scope)
    using = pivot.args.get("using") or []
    deciding = Flow()
    for expression in pivot.expressions:
        collect(expression, scope, EXPRESSION | CONDITION, deciding)
    aggregates = _aggregates(using, deciding, scope) or [deciding]
    result = Frame()
    group = pivot.args.get("group")
    if group is not None:
        kept = [column.name.lower() for column in group.expressions]
    else:
        used = _named_columns([*using, *pivot.expressions])
        kept = [name for name in frame.names() if name not in used]
    _keep(result, frame, kept)
    _group(result, scope)
    suffixes = _suffixes(using)
    values = _values(pivot.expressions)
    for value in values:
        for suffix, flow in zip(suffixes, aggregates, strict=True):
            result.put(f"{value}{suffix}", flow)
    if not values:
        result.unlisted.append(_PivotFrame(union(aggregates), dict(zip(suffixes, aggregates, strict=True))))
    return result


def _values(on: list[exp.Expr]) -> list[str]:
    """What the columns of `PIVOT … ON a IN ('x', 'y')` begin with; nothing where only the data tells."""
    if not on or not all(isinstance(e, exp.In) and e.expressions for e in on):
        return []
    return ["_".join(value.name for value in values) for values in product(*(e.expressions for e in on))]


def _suffixes(using: list[exp.Expr]) -> list[str]:
    """What the columns of each aggregate end with."""
    if len(using) < 2 and not any(isinstance(e, exp.Alias) for e in using):
        return [""]
    return [f"_{e.alias or e.sql('duckdb').lower()}" for e in using]


class _PivotFrame(FunctionFrame):
    """The columns of a PIVOT whose values only the data tells: their names end with that of their aggregate."""

    __slots__ = ("aggregates",)

    def __init__(self, arguments: Flow, aggregates: dict[str, Flow]) -> None:
        super().__init__(arguments)
        self.aggregates = aggregates

    def get(self, name: str) -> Flow | None:
        ending = max((suffix for suffix in self.aggregates if name.endswith(suffix.lower())), key=len, default=None)
        return self.arguments if ending is None else self.aggregates[ending]


# ---------------------------------------------------------------------- MATCH_RECOGNIZE


def matched(frame: Frame, match: exp.MatchRecognize, scope: Scope) -> Frame:
    """What `FROM t MATCH_RECOGNIZE (…)` makes of a frame: a row for each match, or for each row of one."""
    inner = _reading(frame, scope)
    for variable in match.args.get("define") or ():
        inner.frames[variable.alias.lower()] = frame
    for variable in _VARIABLE.findall(match.args["pattern"].name if match.args.get("pattern") is not None else ""):
        inner.frames[variable.strip('"').lower()] = frame  # one without a definition matches any row
    result = Frame()
    is_all = "ALL" in match.args["rows"].name.upper() if match.args.get("rows") is not None else False
    partition = match.args.get("partition_by") or ()
    _keep(result, frame, frame.names() if is_all else [column.name.lower() for column in partition])
    for measure in match.args.get("measures") or ():
        flow = Flow()
        collect(measure.this.this, inner, EXPRESSION | AGGREGATE, flow)
        result.put(measure.this.alias, flow)
    order = match.args.get("order")
    for kind, clauses in (("group", partition), ("sort", [order] if order else ()), ("filter", match.args["define"])):
        use(kind, clauses or (), inner)
    if is_all and frame.is_open:
        result.unlisted.append(frame)
    return result
