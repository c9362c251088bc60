"""What makes other columns of a relation's: PIVOT, UNPIVOT and MATCH_RECOGNIZE."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from sqlglot import exp

from artifact_warehouse.lineage.resolver.expressions import collect, use
from artifact_warehouse.lineage.resolver.flows import AGGREGATE, CONDITION, EXPRESSION, Flow
from artifact_warehouse.lineage.resolver.frames import AliasedFrame, Frame, FunctionFrame, renamed, union
from artifact_warehouse.lineage.resolver.scopes import Scope


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
    aggregates = []
    for expression in pivot.expressions:
        flow = Flow()
        collect(expression, inner, EXPRESSION | AGGREGATE, flow)
        flow.add(deciding)
        aggregates.append(flow)
    used = _named_columns([*fields, *pivot.expressions])
    _keep(result, frame, [name for name in frame.names() if name not in used])
    _group(result, scope)
    made = [column.name for column in pivot.args.get("columns") or ()]
    for index, name in enumerate(made):
        flow = aggregates[index % len(aggregates)] if aggregates else deciding
        result.put(name, flow)
        if name[:1] in ("'", '"'):
            result.other_names[name.strip("'\"").lower()] = flow
    if not made:  # PIVOT … IN (ANY): its columns are known when it runs
        result.unlisted.append(FunctionFrame(union(aggregates)))
    if frame.is_open:
        result.unlisted.append(frame)
    return result


def _unpivot(frame: Frame, pivot: exp.Pivot, scope: Scope) -> Frame:
    """Each group of columns becomes a row: of their values, and of a name that says which group it was.

    There is no row for a NULL, unless asked for.
    """
    result = Frame()
    name_column, groups = None, []
    for field in pivot.args.get("fields") or ():
        if isinstance(field, exp.In):
            name_column = field.this.name
            groups += [_unpivoted_group(member) for member in field.expressions]
    used = {name for group in groups for name in group}
    _keep(result, frame, [name for name in frame.names() if name not in used])
    every = union((flow for name in sorted(used) if (flow := frame.get(name))), EXPRESSION | CONDITION)
    if name_column:
        result.put(name_column, every)
    if not pivot.args.get("include_nulls"):
        scope.walk.use("filter", every)
    made = [e.expressions if isinstance(e, exp.Tuple) else [e] for e in pivot.expressions]
    value_columns = [column.name for columns in made for column in columns]
    for index, name in enumerate(value_columns):
        of_groups = [frame.get(group[index]) for group in groups if index < len(group)]
        result.put(name, union(flow for flow in of_groups if flow))
    if frame.is_open:
        result.unlisted.append(frame)
    return result


def _unpivoted_group(member: exp.Expr) -> list[str]:
    if isinstance(member, (exp.PivotAlias, exp.Alias)):
        member = member.this
    columns = member.expressions if isinstance(member, exp.Tuple) else [member]
    return [column.name.lower() for column in columns]


def duckdb_pivot(pivot: exp.Pivot, scope: Scope) -> Frame:
    """DuckDB's statements `PIVOT t ON … USING …` and `UNPIVOT t ON … INTO …`, on what `scope` reads."""
    frame = next(iter(scope.frames.values()))
    if pivot.args.get("fields"):
        return pivoted(frame, pivot, scope)
    is_unpivot = bool(pivot.args.get("unpivot"))
    using = pivot.args.get("using") or []
    made = Flow()
    for expression in using:
        collect(expression, scope, EXPRESSION | AGGREGATE, made)
    for expression in pivot.expressions:
        collect(expression, scope, 0 if is_unpivot else EXPRESSION | CONDITION, made)
    result = Frame()
    group = pivot.args.get("group")
    if group is not None:
        kept = [column.name.lower() for column in group.expressions]
    else:
        used = _named_columns([*using, *pivot.expressions])
        kept = [name for name in frame.names() if name not in used]
    _keep(result, frame, kept)
    if not is_unpivot:
        _group(result, scope)
        names = _names_made(pivot.expressions, using)
        for name in names:
            result.put(name, made)
        if not names:
            result.unlisted.append(FunctionFrame(made))
        return result
    scope.walk.use("filter", made)
    into = pivot.args.get("into")
    name, *values = [identifier.name for identifier in into.find_all(exp.Identifier)] if into is not None else ["name"]
    result.put(name, made.through(CONDITION))
    for value in values or ["value"]:
        result.put(value, made)
    return result


def _names_made(on: list[exp.Expr], using: list[exp.Expr]) -> list[str]:
    """The columns that `PIVOT … ON a IN ('x', 'y') USING sum(b)` makes; none where only the data tells them."""
    if not on or not all(isinstance(e, exp.In) and e.expressions for e in on):
        return []
    values = ["_".join(value.name for value in values) for values in product(*(e.expressions for e in on))]
    if len(using) < 2 and not any(isinstance(e, exp.Alias) for e in using):
        return values
    return [f"{value}_{e.alias or e.sql('duckdb').lower()}" for value in values for e in using]


def matched(frame: Frame, match: exp.MatchRecognize, scope: Scope) -> Frame:
    """What `FROM t MATCH_RECOGNIZE (…)` makes of a frame: a row for each match, or for each row of one."""
    inner = _reading(frame, scope)
    for variable in match.args.get("define") or ():
        inner.frames[variable.alias.lower()] = frame
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
