"""The graph of a project over all of its history: the places of the nodes, and the periods of nodes and edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from artifact_warehouse.drawing import layout
from artifact_warehouse.report.tables import Tables

TYPES = frozenset(
    ("source", "seed", "model", "snapshot", "exposure", "metric", "semantic_model", "saved_query", "function")
)
"""The types that the graph shows. Tests are leaves, and have a page of their own."""

Period = tuple[int, int | None]
"""From a time to a time, in milliseconds; None stands for now."""

ALWAYS: list[Period] = [(0, None)]

Scope = tuple[str | None, str]
"""A project and an environment."""


class _History(NamedTuple):
    types: dict[str, str]
    nodes: dict[str, list[Period]]
    edges: dict[tuple[str, str], list[Period]]


def scopes_of(tables: Tables) -> list[Scope]:
    """Every project and environment, the one with most runs first."""
    runs: dict[Scope, int] = defaultdict(int)
    for name in ("nodes", "tests", "definitions", "freshness", "invocations"):
        for scope in _scopes(tables[name]):
            runs[scope] += name == "invocations"
    return sorted(runs, key=lambda scope: (-runs[scope], str(scope)))


def _scopes(table: pa.Table) -> Iterable[Scope]:
    return zip(table["project_name"].to_pylist(), table["environment"].to_pylist(), strict=True)


def graphs_of(tables: Tables, scopes: Iterable[Scope]) -> list[dict[str, Any]]:
    """The packed graph of each scope."""
    histories = {scope: _History({}, defaultdict(list), defaultdict(list)) for scope in scopes}
    _add_definitions(histories, tables["definitions"])
    _add_current(histories, tables)
    return [_packed(history) for history in histories.values()]


def _add_definitions(histories: Mapping[Scope, _History], definitions: pa.Table) -> None:
    """Each version of a definition gives a period to its node, and to the edges from its parents."""
    names = ("unique_id", "resource_type", "is_enabled", "valid_from", "valid_to", "depends_on_nodes")
    columns = [definitions[name].to_pylist() for name in names]
    for scope, node, kind, is_enabled, start, end, parents in zip(_scopes(definitions), *columns, strict=True):
        history = histories[scope]
        history.types.setdefault(node, kind)
        if kind in TYPES and is_enabled:
            history.nodes[node].append((start, end))
            for parent in parents or ():
                history.edges[parent, node].append((start, end))


def _add_current(histories: Mapping[Scope, _History], tables: Tables) -> None:
    """Nodes and edges without versions in v1.definitions get the period ALWAYS."""
    nodes, edges = tables["nodes"], tables["edges"]
    ids, kinds = nodes["unique_id"].to_pylist(), nodes["resource_type"].to_pylist()
    for scope, node, kind in zip(_scopes(nodes), ids, kinds, strict=True):
        history = histories[scope]
        if kind in TYPES and node not in history.types:
            history.nodes[node] = ALWAYS
        history.types.setdefault(node, kind)
    pairs = zip(edges["parent_unique_id"].to_pylist(), edges["child_unique_id"].to_pylist(), strict=True)
    for scope, pair in zip(_scopes(edges), pairs, strict=True):
        if scope in histories and pair not in histories[scope].edges:
            histories[scope].edges[pair] = ALWAYS


def _packed(history: _History) -> dict[str, Any]:
    """The graph with places; periods and bends only of those nodes and edges that have some."""
    ids = sorted(history.nodes)
    index = {node: at for at, node in enumerate(ids)}
    pairs = sorted((index[start], index[end]) for start, end in history.edges if start in index and end in index)
    placed = layout(len(ids), pairs)
    node_periods = {at: _merged(history.nodes[node]) for at, node in enumerate(ids)}
    edge_periods = {at: _merged(history.edges[ids[start], ids[end]]) for at, (start, end) in enumerate(pairs)}
    return {
        "ids": ids,
        "type": [history.types[node] for node in ids],
        "x": [round(x, 2) for x, _ in placed.places],
        "y": [round(y, 2) for _, y in placed.places],
        "from": [start for start, _ in pairs],
        "to": [end for _, end in pairs],
        "spans": {at: periods for at, periods in node_periods.items() if periods != ALWAYS},
        "edge_spans": {at: periods for at, periods in edge_periods.items() if periods != ALWAYS},
        "bends": {
            at: [(round(x, 2), round(y, 2)) for x, y in placed.bends[pair]]
            for at, pair in enumerate(pairs)
            if pair in placed.bends
        },
    }


def _merged(periods: Iterable[Period]) -> list[Period]:
    """The periods in order. Those that touch are merged."""
    merged: list[Period] = []
    for start, end in sorted(periods, key=lambda period: period[0]):
        if merged and (merged[-1][1] is None or start <= merged[-1][1]):
            before, last = merged[-1]
            merged[-1] = (before, None if end is None or last is None else max(last, end))
        else:
            merged.append((start, end))
    return merged
