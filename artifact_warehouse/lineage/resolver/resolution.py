"""`resolve`: a query's text in, the origins of its columns out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from artifact_warehouse.lineage.resolver.dialects import dialect_of
from artifact_warehouse.lineage.resolver.flows import FIELD, UNRESOLVED, Flow, confidence, kind
from artifact_warehouse.lineage.resolver.frames import Frame, renamed
from artifact_warehouse.lineage.resolver.model import Edge, FindRelation, Relation, Resolution, UnreadableSql, Use
from artifact_warehouse.lineage.resolver.parsing import parse
from artifact_warehouse.lineage.resolver.queries import frame_of_query
from artifact_warehouse.lineage.resolver.select_list import UNNAMED
from artifact_warehouse.lineage.resolver.walk import Walk

_STACK_BYTES = 512 * 1024 * 1024
_RECURSION_LIMIT = 100_000
_ONE_AT_A_TIME = threading.Lock()

OWN_FAULT = "cannot be resolved, by a fault of the resolver"
"""How the reason of UnreadableSql begins where the query is not to blame."""

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
    as a catalog has found them; without, they are what its select list says. Raises UnreadableSql.

    A text that is nested deeply needs `with_deep_stack` around.
    """
    try:
        parsed = parse(sql, dialect)
        walk = Walk(dialect_of(dialect), find_relation, ephemerals or {}, has_columns="columns" in sql.lower())
        frame = renamed(frame_of_query(walk, parsed.query), parsed.names)
        return _resolution(walk, frame, wanted or {}, parsed.repair)
    except UnreadableSql:
        raise
    except RecursionError:
        raise UnreadableSql("is nested too deeply") from None
    except Exception as error:  # no query may keep others from being resolved: this one says that it is our fault
        raise UnreadableSql(f"{OWN_FAULT}: {type(error).__name__}: {error}") from error


def _resolution(walk: Walk, frame: Frame, wanted: Mapping[str, str], repair: str | None) -> Resolution:
    """What the frame of a whole query says of its columns: of the wanted ones first, then of the others."""
    flows: dict[str, Flow | None] = {}
    listed = frame.columns
    for index, (name, spelling) in enumerate(wanted.items()):
        flows[spelling] = listed.get(name) or _wanted(frame, name, index, wanted)
    if not wanted or not frame.is_open:  # what a catalog has not seen yet is there too
        unnamed = UNNAMED if wanted else ()
        new = [name for name in frame.names() if name not in wanted and not name.startswith(unnamed)]
        flows |= {frame.spelling(name): frame.columns_flow(name) for name in new}
    return Resolution(
        columns=tuple(flows),
        edges=tuple(_edges(walk, flows)),
        uses=tuple(_uses(walk)),
        missing_columns=tuple(name for name, flow in flows.items() if flow is None),
        unresolved_columns=tuple(name for name, flow in flows.items() if flow is None or UNRESOLVED in flow),
        unresolved_names=tuple(walk.unresolved),
        unknown_sources=tuple(walk.unknown_sources),
        relations=tuple(walk.relation_names()),
        is_open=frame.is_open,
        repair=repair,
    )


def _wanted(frame: Frame, name: str, index: int, wanted: Mapping[str, str]) -> Flow | None:
    """The flow of a column that the query is known to have."""
    flow = frame.columns.get(name)
    if flow is None:
        flow = frame.get(name)
    if flow is None and "." in name:  # a field, as BigQuery's catalog lists it
        whole = frame.get(name.partition(".")[0])
        return None if whole is None else whole.through(FIELD)
    if flow is None and not frame.is_open and len(frame.columns) == len(wanted):
        # What has no alias is named by the database: it is known by its place.
        other = list(frame.columns)[index]
        if other.startswith(UNNAMED):
            return frame.columns[other]
    return frame.beyond(wanted[name]) if flow is None else flow


def _edges(walk: Walk, flows: Mapping[str, Flow | None]) -> Iterator[Edge]:
    for to_column, flow in flows.items():
        for origin, flags in walk.recursions.settled(flow).items() if flow else ():
            if origin is UNRESOLVED:
                continue
            column = origin.column
            sure = confidence(flags) if flags else 1.0
            yield Edge(origin.relation.name, column, to_column, kind(flags, column, to_column), sure)


def _uses(walk: Walk) -> Iterator[Use]:
    for use_kind, flow in walk.all_uses().items():
        for origin, flags in walk.recursions.settled(flow).items():
            if origin is UNRESOLVED:
                continue
            yield Use(origin.relation.name, origin.column, use_kind, confidence(flags))


def with_deep_stack(work: Callable[[], _Result]) -> _Result:
    """Do work in a thread with room for expressions that are nested thousands of levels deep.

    One at a time: how deep Python may recurse is set for the whole process.
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
