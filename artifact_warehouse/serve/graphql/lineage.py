"""The lineage of an environment: nodes with the unique_ids of their parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from artifact_warehouse.serve.graphql.cohorts import Request, Row
from artifact_warehouse.serve.graphql.environments import NODE_TYPES, list_nodes, nodes
from artifact_warehouse.serve.graphql.selection import Graph, InvalidSelection, Selected, select

_ALL_TYPES = tuple(type_ for types in NODE_TYPES.values() for type_ in types)


def lineage(request: Request, environment_id: int, filters: Mapping[str, Any]) -> list[Row]:
    """The nodes that the filter lets pass, each with the ids of its parents."""
    if filters.get("columnNames"):
        raise GraphQLError(
            "`columnNames` is not supported in a filter of lineage; the field `columnLineage` follows one"
        )
    types = filters.get("types") or NODE_TYPES
    wanted = tuple(type_ for name in types for type_ in NODE_TYPES[name])
    unique_ids = list_nodes(request, environment_id, wanted, filters, "nodes.unique_id")
    selected = None
    if filters.get("select") or filters.get("exclude"):
        selected = _selected(request, environment_id, filters.get("select"), filters.get("exclude"))
        unique_ids = [unique_id for unique_id in unique_ids if unique_id in selected.ids]
    rows = nodes(request, environment_id, unique_ids)
    if rows:
        rows[0].cohort.loaded("named", lambda _: selected and selected.named)
    return rows


def matches_method(row: Row) -> bool:
    """Whether the selection names the node itself; without a selection, every node is."""
    named: frozenset[str] | None = row.cohort.loaded("named", lambda _: None)
    return named is None or row.get("unique_id") in named


def _selected(request: Request, environment_id: int, wanted: str | None, excluded: str | None) -> Selected:
    ids = list_nodes(request, environment_id, _ALL_TYPES, {}, "nodes.unique_id")
    parents: dict[str, list[str]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    edges = request.fetch("edges", {"environment_id": environment_id}, "parents")
    for child, parent in zip(edges.column("unique_id"), edges.column("related_unique_id"), strict=True):
        parents[child].append(parent)
        children[parent].append(child)
    graph = Graph(dict(zip(ids, nodes(request, environment_id, ids), strict=True)), parents, children)
    try:
        return select(graph, wanted, excluded)
    except InvalidSelection as error:
        raise GraphQLError(str(error)) from error
