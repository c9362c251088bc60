"""`resolve`: finds the origins of the columns of a query, given as text."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from artifact_warehouse.lineage.resolver.dialects import dialect_of
from artifact_warehouse.lineage.resolver.model import Edge, FindRelation, Relation, Resolution, UnreadableSql, Use
from artifact_warehouse.lineage.resolver.parsing import parse
from artifact_warehouse.lineage.resolver.provenance import FIELD, UNRESOLVED, Provenance, confidence, kind
from artifact_warehouse.lineage.resolver.queries import source_of_query
from artifact_warehouse.lineage.resolver.resolver import Resolver
from artifact_warehouse.lineage.resolver.select_list import UNNAMED
from artifact_warehouse.lineage.resolver.sources import Source, renamed

_STACK_BYTES = 512 * 1024 * 1024
_RECURSION_LIMIT = 100_000
_ONE_AT_A_TIME = threading.Lock()

OWN_FAULT = "cannot be resolved, by a fault of the resolver"
"""The beginning of the reason of UnreadableSql where the resolver has a bug."""

_Result = TypeVar("_Result")


def resolve(
    sql: str,
    dialect: str | None,
    find_relation: FindRelation,
    ephemerals: Mapping[str, Relation] | None = None,
    wanted: Mapping[str, str] | None = None,
) -> Resolution:
    """Where each column of a query comes from, and which columns shape its rows.

    `dialect` is sqlglot's name of it. `ephemerals` are the CTEs that stand for a model of their own, by lower-case
    name: edges end there. `wanted` are the columns that the query is known to have (lower-case name to spelling),
    as a catalog lists them; without `wanted`, the columns are those of its select list. Raises UnreadableSql.

    A text that may be nested deeply is to be resolved within `with_deep_stack`.
    """
    try:
        parsed = parse(sql, dialect)
        resolver = Resolver(dialect_of(dialect), find_relation, ephemerals or {}, has_columns="columns" in sql.lower())
        source = renamed(source_of_query(resolver, parsed.query), parsed.names)
        return _resolution(resolver, source, wanted or {}, parsed.repair)
    except UnreadableSql:
        raise
    except RecursionError:
        raise UnreadableSql("is nested too deeply") from None
    except Exception as error:  # a bug of the resolver costs this query alone
        raise UnreadableSql(f"{OWN_FAULT}: {type(error).__name__}: {error}") from error


def _resolution(resolver: Resolver, source: Source, wanted: Mapping[str, str], repair: str | None) -> Resolution:
    """The resolution of a whole query: its wanted columns first, then the others."""
    provenances: dict[str, Provenance | None] = {}
    listed = source.columns
    for index, (name, spelling) in enumerate(wanted.items()):
        provenances[spelling] = listed.get(name) or _wanted(source, name, index, wanted)
    if not wanted or not source.is_open:  # columns that the catalog does not have yet
        unnamed = UNNAMED if wanted else ()
        new = [name for name in source.names() if name not in wanted and not name.startswith(unnamed)]
        provenances |= {source.spelling(name): source.columns_provenance(name) for name in new}
    return Resolution(
        columns=tuple(provenances),
        edges=tuple(_edges(resolver, provenances)),
        uses=tuple(_uses(resolver)),
        missing_columns=tuple(name for name, provenance in provenances.items() if provenance is None),
        unresolved_columns=tuple(
            name for name, provenance in provenances.items() if provenance is None or UNRESOLVED in provenance
        ),
        unresolved_names=tuple(resolver.unresolved),
        unknown_sources=tuple(resolver.unknown_sources),
        relations=tuple(resolver.relation_names()),
        is_open=source.is_open,
        repair=repair,
    )


def _wanted(source: Source, name: str, index: int, wanted: Mapping[str, str]) -> Provenance | None:
    """The provenance of a column that the query is known to have."""
    provenance = source.columns.get(name)
    if provenance is None:
        provenance = source.get(name)
    if provenance is None and "." in name:  # a field, as BigQuery's catalog lists it
        whole = source.get(name.partition(".")[0])
        return None if whole is None else whole.through(FIELD)
    if provenance is None and not source.is_open and len(source.columns) == len(wanted):
        # The database names an item without an alias: match it by position.
        other = list(source.columns)[index]
        if other.startswith(UNNAMED):
            return source.columns[other]
    return source.uncatalogued(wanted[name]) if provenance is None else provenance


def _edges(resolver: Resolver, provenances: Mapping[str, Provenance | None]) -> Iterator[Edge]:
    settled = resolver.recursions.settled
    for to_column, provenance in provenances.items():
        for origin, flags in settled(provenance).items() if provenance else ():
            if origin is UNRESOLVED:
                continue
            column = origin.column
            sure = confidence(flags) if flags else 1.0
            yield Edge(origin.relation.name, column, to_column, kind(flags, column, to_column), sure)


def _uses(resolver: Resolver) -> Iterator[Use]:
    for use_kind, provenance in resolver.all_uses().items():
        for origin, flags in resolver.recursions.settled(provenance).items():
            if origin is UNRESOLVED:
                continue
            yield Use(origin.relation.name, origin.column, use_kind, confidence(flags))


def with_deep_stack(work: Callable[[], _Result]) -> _Result:
    """Call `work` in a thread whose stack is large enough for expressions nested thousands of levels deep.

    One call at a time, because the recursion limit is that of the whole process.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    with _ONE_AT_A_TIME, _deep_recursion():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def _deep_recursion() -> Iterator[None]:
    stack_size, limit = threading.stack_size(_STACK_BYTES), sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        yield
    finally:
        threading.stack_size(stack_size)
        sys.setrecursionlimit(limit)
