"""UNION, INTERSECT and EXCEPT: by position, or by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from artifact_warehouse.lineage.resolver.ctes import Ctes
from artifact_warehouse.lineage.resolver.flows import GUESSED, Flow
from artifact_warehouse.lineage.resolver.frames import Frame
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.walk import Walk


class Recursion(NamedTuple):
    """How a recursive CTE begins: with the parts that do not read `name`, which `begin` is given."""

    name: str
    begin: Callable[[Frame], None]


def is_recursive(operation: exp.SetOperation, name: str) -> bool:
    """Whether a CTE of that lower-case name is recursive: one that begins with the name reads a table called so."""
    first: exp.Expr = operation
    while isinstance(first, exp.SetOperation):
        first = _unwrapped(first.this)
    return _reads(operation, name) and not _reads(first, name)


def _reads(query: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name and not table.db for table in query.find_all(exp.Table))


def set_operation(
    walk: Walk, operation: exp.SetOperation, outer: Scope | None, ctes: Ctes, recursion: Recursion | None = None
) -> Frame:
    """The frame of a chain of set operations. Chains lean to the left, and are hundreds of queries long."""
    chain: list[exp.SetOperation] = []
    query: exp.Expr = operation
    while isinstance(query, exp.SetOperation):
        ctes = walk.with_ctes(query, outer, ctes)
        chain.append(query)
        query = _unwrapped(query.this)
    result = _copy(walk.query(query, outer, ctes))
    last_steps = {_use_of(step): id(step) for step in reversed(chain)}
    for step in reversed(chain):
        if recursion is not None and _reads(step.expression, recursion.name):
            recursion.begin(result)
            recursion = None
        other = walk.query(step.expression, outer, ctes)
        _take_in(result, step, other)
        if isinstance(step, exp.Except):
            _use_rows("filter", other, walk)
        if id(step) == last_steps[_use_of(step)]:  # the rows so far contain all that was used before
            _use_rows(_use_of(step), result, walk)
    return result


def _use_of(operation: exp.SetOperation) -> str:
    """What an operation uses whole rows for: to find those that are there twice, or on the other side."""
    if isinstance(operation, (exp.Except, exp.Intersect)):
        return "filter"
    return "group" if operation.args.get("distinct") else ""


def _use_rows(kind: str, frame: Frame, walk: Walk) -> None:
    for name in frame.names() if kind else ():
        walk.use(kind, frame.columns_flow(name))


def _unwrapped(query: exp.Expr) -> exp.Expr:
    """The set operation within plain parentheses."""
    inner = query
    while type(inner) is exp.Subquery and not any(
        value for name, value in inner.args.items() if name != "this" and value
    ):
        inner = inner.this
    return inner if isinstance(inner, exp.SetOperation) else query


def _copy(frame: Frame) -> Frame:
    """The frame with flows of its own, to add to."""
    result = Frame()
    for name in frame.names():
        flow = frame.columns_flow(name)
        own = Flow(flow)
        own.fields = flow.fields
        result.put(frame.spelling(name), own)
    if frame.is_open:
        result.unlisted.append(frame)
    return result


def _take_in(result: Frame, operation: exp.SetOperation, other: Frame) -> None:
    """Add the columns of another query to those of the ones before it."""
    if isinstance(operation, exp.Except):
        return
    if operation.args.get("by_name"):
        _by_name(result, operation, other)
    elif result.is_open or other.is_open:
        _by_position_or_name(result, other)
    else:
        for flow, name in zip(result.columns.values(), other.names(), strict=False):
            flow.add(other.columns_flow(name))


def _by_name(result: Frame, operation: exp.SetOperation, other: Frame) -> None:
    """BY NAME, with BigQuery's FULL, LEFT, INNER and ON (…)."""
    side, kind = ((operation.args.get(name) or "").upper() for name in ("side", "kind"))
    kept = set(result.names()) | set(other.names())
    if on := operation.args.get("on"):
        kept = {column.name.lower() for column in on}
    elif kind == "INNER":
        kept = set(result.names()) & set(other.names())
    elif side == "LEFT":
        kept = set(result.names())
    if not (result.is_open or other.is_open):
        result.columns = {name: flow for name, flow in result.columns.items() if name in kept}
    for name in other.names():
        if name in result.columns:
            result.columns[name].add(other.columns_flow(name))
        elif name in kept or result.is_open:
            result.put(other.spelling(name), Flow(other.columns_flow(name)))
    if other.is_open:
        for name in result.columns.keys() - set(other.names()):
            result.columns[name].add(other.get(name) or Flow(), GUESSED)
        result.unlisted.append(other)


def _by_position_or_name(result: Frame, other: Frame) -> None:
    """Where a star's columns are unknown, so are positions: columns of the same name are taken for the same."""
    for name, flow in result.columns.items():
        found = other.get(name)
        if found is not None:
            flow.add(found, GUESSED)
    if result.is_open and not other.is_open:
        for name in other.names():
            if name not in result.columns:
                flow = Flow(other.columns_flow(name))
                for frame in result.unlisted:
                    flow.add(frame.get(name) or Flow(), GUESSED)
                result.put(other.spelling(name), flow)
    if other.is_open:
        result.unlisted.append(other)
