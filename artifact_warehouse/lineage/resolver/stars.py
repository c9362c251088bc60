"""Stars: which columns `*`, `t.*` and `struct.*` stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError

from artifact_warehouse.lineage.resolver.expressions import value_of
from artifact_warehouse.lineage.resolver.flows import CONDITION, FIELD, NOTHING, Flow
from artifact_warehouse.lineage.resolver.frames import Frame, FunctionFrame, RelationFrame, RestFrame
from artifact_warehouse.lineage.resolver.scopes import Scope


class _Changes(NamedTuple):
    """What a star does not take as it is, by lower-case name."""

    excepted: set[str]
    replaced: dict[str, exp.Expr]
    renamed: dict[str, str]


_NONE = _Changes(set(), {}, {})


def add_star(result: Frame, star: exp.Expr, table: exp.Column | None, scope: Scope) -> None:
    """Add to a select list what a star selects: of the table before it, if any."""
    changes = _changes(star)
    if table is None:
        _add_frames(result, scope.frames.values(), changes, scope, scope.merged)
        return
    frame = scope.find_frame(table.table.lower()) if table.args.get("db") is None else None
    if frame is None:
        frame = _frame_of_path([part.name for part in table.parts[:-1]], scope)
    if frame is not None:
        _add_frames(result, (frame,), changes, scope, {})
    else:
        scope.walk.unresolved[f"{table.table}.*"] = None


def whole_frame(select: exp.Select, scope: Scope) -> Frame | None:
    """What `SELECT *` selects where that is all of one relation, so that nothing need be copied."""
    [item, *more] = select.expressions or [None]
    is_star = type(item) is exp.Star and not any(item.args.values())
    if more or not is_star or len(scope.frames) != 1 or scope.merged or select.args.get("kind"):
        return None
    [frame] = scope.frames.values()
    is_plain = type(frame) is Frame or (type(frame) is RelationFrame and not frame.has_dotted_names)
    return frame if is_plain and frame.value is None else None


def add_fields(result: Frame, dot: exp.Dot, scope: Scope) -> None:
    """Add to a select list the fields of a struct, as in `t.struct.field.*`."""
    path: list[str] = []
    base = dot.args["this"]
    while isinstance(base, (exp.Dot, exp.Paren)):
        if isinstance(base, exp.Dot):
            path.insert(0, base.expression.name)
        base = base.args["this"]
    if isinstance(base, exp.Column):
        frame = _frame_of_path([*(part.name for part in base.parts), *path], scope)
    else:
        frame = fields_of(value_of(base, scope), path, scope)
    if frame is not None:
        _add_frames(result, (frame,), _changes(dot.expression), scope, {})


def struct_fields(unnest: exp.Expr, scope: Scope) -> Frame | None:
    """The columns that DuckDB's `SELECT unnest(struct)` makes: its fields, where they are known."""
    argument = unnest.args.get("this") or (unnest.expressions or [None])[0]
    if not isinstance(argument, (exp.Column, exp.Struct)):
        return None
    fields = fields_of(value_of(argument, scope), [], scope)
    return fields if fields is not None and fields.columns and not fields.is_open else None


def all_of(scope: Scope) -> Frame:
    """All that a FROM clause reads, as a star selects it."""
    result = Frame()
    _add_frames(result, scope.frames.values(), _NONE, scope, scope.merged)
    return result


def _changes(star: exp.Expr) -> _Changes:
    excepted, replaced, renamed = (star.args.get(name) or () for name in ("except_", "replace", "rename"))
    if not (excepted or replaced or renamed):
        return _NONE
    return _Changes(
        {column.name.lower() for column in excepted},
        {column.alias.lower(): column.this for column in replaced},
        {column.this.name.lower(): column.alias for column in renamed},
    )


def _add_frames(
    result: Frame, frames: Iterable[Frame], changes: _Changes, scope: Scope, merged: Mapping[str, Flow]
) -> None:
    seen: set[str] = set()
    for frame in frames:
        for name in frame.names():
            if name in changes.excepted or name in seen:
                continue
            if name in merged:
                seen.add(name)
            _add_column(result, frame, name, changes, scope, merged.get(name))
        if frame.is_open:
            _add_unlisted(result, frame, changes, scope)


def _add_column(result: Frame, frame: Frame, name: str, changes: _Changes, scope: Scope, merged: Flow | None) -> None:
    spelling = changes.renamed.get(name) or frame.spelling(name)
    if name in changes.replaced:
        result.put(spelling, value_of(changes.replaced[name], scope))
    else:
        result.put(spelling, frame.columns_flow(name) if merged is None else merged)


def _add_unlisted(result: Frame, frame: Frame, changes: _Changes, scope: Scope) -> None:
    """Take over a frame of unknown columns; those that the star itself names are known to be there."""
    gone = {*changes.excepted, *changes.replaced, *changes.renamed}
    result.unlisted.append(RestFrame(frame, gone) if gone else frame)
    for name, expression in changes.replaced.items():
        if name not in result.columns:
            result.put(name, value_of(expression, scope))
    for name, spelling in changes.renamed.items():
        if spelling.lower() not in result.columns:
            result.put(spelling, frame.get(name) or NOTHING)


def _frame_of_path(parts: list[str], scope: Scope) -> Frame | None:
    """What `parts.*` selects from: a relation by its full name, else the fields of a column."""
    lower = [part.lower() for part in parts]
    if (frame := scope.find_qualified(".".join(lower))) is not None:
        return frame
    frame = scope.find_frame(lower[0])
    if frame is not None and len(parts) > 1:
        return fields_of(frame.get(lower[1]), parts[2:], scope)
    return fields_of(scope.find_name(lower[0]), parts[1:], scope)


def fields_of(flow: Flow | None, path: list[str], scope: Scope) -> Frame | None:
    """The fields of a struct: one that the query builds, else by the type that the catalog has of its column."""
    if flow is None:
        return None
    path = list(path)
    while path and isinstance(flow.fields, Frame):
        part = flow.fields.get(path[0].lower())
        if part is None:
            return None
        flow = part
        del path[0]
    if isinstance(flow.fields, Frame) and not path:
        return flow.fields
    values = [origin for origin, flags in flow.items() if not flags & CONDITION]
    of_field = flow.through(FIELD)
    names: Iterable[str] = ()
    if len(values) == 1:
        frame = scope.walk.frame_of(values[0].relation)
        names = _catalogued_fields(frame, values[0].column, path, scope.walk.dialect.name)
    return FunctionFrame(of_field, names, is_listed=bool(names))


def _catalogued_fields(frame: RelationFrame, column: str, path: list[str], dialect: str | None) -> list[str]:
    """The fields of a column: by the dotted names of BigQuery's catalog, else by its data type."""
    prefix = ".".join([column.lower(), *(part.lower() for part in path)]) + "."
    listed = frame.relation.columns
    dotted = [spelling[len(prefix) :] for name, spelling in listed.items() if name.startswith(prefix)]
    if dotted:
        return [name for name in dotted if "." not in name]
    data_type = frame.relation.types.get(column.lower())
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
