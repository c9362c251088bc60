"""UNION, INTERSECT and EXCEPT: by position, or by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from artifact_warehouse.lineage.resolver.ctes import Ctes
from artifact_warehouse.lineage.resolver.provenance import GUESSED, Provenance
from artifact_warehouse.lineage.resolver.resolver import Resolver
from artifact_warehouse.lineage.resolver.scopes import Scope
from artifact_warehouse.lineage.resolver.sources import Source


class Recursion(NamedTuple):
    """A recursive CTE: `begin` gets the source of the parts that do not read `name`."""

    name: str
    begin: Callable[[Source], None]


def is_recursive(operation: exp.SetOperation, name: str) -> bool:
    """Whether a CTE of that lower-case name is recursive. If its first part reads the name, that is a table."""
    first: exp.Expr = operation
    while isinstance(first, exp.SetOperation):
        first = _unwrapped(first.this)
    return _reads(operation, name) and not _reads(first, name)


def _reads(query: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name and not table.db for table in query.find_all(exp.Table))


def set_operation(
    resolver: Resolver, operation: exp.SetOperation, outer: Scope | None, ctes: Ctes, recursion: Recursion | None = None
) -> Source:
    """The source of a chain of set operations. Chains lean to the left, and are hundreds of queries long."""
    chain: list[exp.SetOperation] = []
    query: exp.Expr = operation
    while isinstance(query, exp.SetOperation):
        ctes = resolver.with_ctes(query, outer, ctes)
        chain.append(query)
        query = _unwrapped(query.this)
    result = _copy(resolver.query(query, outer, ctes))
    last_steps = {_use_of(step): id(step) for step in reversed(chain)}
    for step in reversed(chain):
        if recursion is not None and _reads(step.expression, recursion.name):
            recursion.begin(result)
            recursion = None
        other = resolver.query(step.expression, outer, ctes)
        _take_in(result, step, other)
        if isinstance(step, exp.Except):
            _use_rows("filter", other, resolver)
        if id(step) == last_steps[_use_of(step)]:  # the result so far contains the columns of earlier steps
            _use_rows(_use_of(step), result, resolver)
    return result


def _use_of(operation: exp.SetOperation) -> str:
    """The kind of use: UNION compares rows to drop duplicates, EXCEPT and INTERSECT to find them on the other side."""
    if isinstance(operation, (exp.Except, exp.Intersect)):
        return "filter"
    return "group" if operation.args.get("distinct") else ""


def _use_rows(kind: str, source: Source, resolver: Resolver) -> None:
    for name in source.names() if kind else ():
        resolver.use(kind, source.columns_provenance(name))


def _unwrapped(query: exp.Expr) -> exp.Expr:
    """The set operation within plain parentheses."""
    inner = query
    while type(inner) is exp.Subquery and not any(
        value for name, value in inner.args.items() if name != "this" and value
    ):
        inner = inner.this
    return inner if isinstance(inner, exp.SetOperation) else query


def _copy(source: Source) -> Source:
    """The source with provenances of its own, to add to."""
    result = Source()
    for name in source.names():
        provenance = source.columns_provenance(name)
        own = Provenance(provenance)
        own.fields = provenance.fields
        result.put(source.spelling(name), own)
    if source.is_open:
        result.unlisted.append(source)
    return result


def _take_in(result: Source, operation: exp.SetOperation, other: Source) -> None:
    """Add the columns of another query to those of the ones before it."""
    if isinstance(operation, exp.Except):
        return
    if operation.args.get("by_name"):
        _by_name(result, operation, other)
    elif result.is_open or other.is_open:
        _by_position_or_name(result, other)
    else:
        for provenance, name in zip(result.columns.values(), other.names(), strict=False):
            provenance.add(other.columns_provenance(name))


def _by_name(result: Source, operation: exp.SetOperation, other: Source) -> None:
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
        result.columns = {name: provenance for name, provenance in result.columns.items() if name in kept}
    for name in other.names():
        if name in result.columns:
            result.columns[name].add(other.columns_provenance(name))
        elif name in kept or result.is_open:
            result.put(other.spelling(name), Provenance(other.columns_provenance(name)))
    if other.is_open:
        for name in result.columns.keys() - set(other.names()):
            result.columns[name].add(other.get(name) or Provenance(), GUESSED)
        result.unlisted.append(other)


def _by_position_or_name(result: Source, other: Source) -> None:
    """Positions after an open star are unknown, so columns of the same name are matched."""
    for name, provenance in result.columns.items():
        found = other.get(name)
        if found is not None:
            provenance.add(found, GUESSED)
    if result.is_open and not other.is_open:
        for name in other.names():
            if name not in result.columns:
                provenance = Provenance(other.columns_provenance(name))
                for source in result.unlisted:
                    provenance.add(source.get(name) or Provenance(), GUESSED)
                result.put(other.spelling(name), provenance)
    if other.is_open:
        result.unlisted.append(other)
