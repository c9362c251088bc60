"""Places of the nodes of a graph: in layers from left to right, with few crossings and straight chains.

The longest path gives the layer, sweeps to the mean of the neighbours give the order (Sugiyama, Tagawa and Toda 1981,
https://doi.org/10.1109/TSMC.1981.4308636), and isotonic regression the place within it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

SWEEPS = 12
BENT_NODES = 600
"""Up to this many nodes, a long edge has a bend in each layer that it crosses, so that it passes between the nodes."""

Node = int | tuple[int, int, int]
"""A node, or the bend of an edge (from, to) in a layer."""

Edge = tuple[int, int]
Place = tuple[float, float]


class Layout(NamedTuple):
    """The place of each node, and the bends of each edge that has some. The units are layers and rows."""

    places: list[Place]
    bends: dict[Edge, list[Place]]


class _Graph:
    """Neighbours and layers, to which the bends of long edges are added."""

    def __init__(self, count: int, edges: Sequence[Edge]) -> None:
        self.count = count
        self.up: dict[Node, list[Node]] = defaultdict(list)
        self.down: dict[Node, list[Node]] = defaultdict(list)
        for start, end in edges:
            self.up[end].append(start)
            self.down[start].append(end)
        self.layer: dict[Node, int] = {}
        self._assign_layers()
        self.linked = [node for node in range(count) if self.up[node] or self.down[node]]
        self.is_small = len(self.linked) <= BENT_NODES
        self.chains = dict(self._bend(edges)) if self.is_small else {}

    def _assign_layers(self) -> None:
        """The longest path from a root. The union of graphs over time may hold a cycle, whose nodes stay in layer 0."""
        missing = {node: len(self.up[node]) for node in range(self.count)}
        ready = [node for node in range(self.count) if not missing[node]]
        order: list[int] = []
        self.layer = dict.fromkeys(range(self.count), 0)
        while ready:
            node = ready.pop()
            order.append(node)
            for child in self.down[node]:
                assert isinstance(child, int)
                self.layer[child] = max(self.layer[child], self.layer[node] + 1)
                missing[child] -= 1
                if not missing[child]:
                    ready.append(child)
        for node in reversed(order):  # a root stands beside its first reader: shorter edges
            if not self.up[node] and self.down[node]:
                self.layer[node] = max(0, min(self.layer[child] for child in self.down[node]) - 1)

    def _bend(self, edges: Sequence[Edge]) -> Iterator[tuple[Edge, list[Node]]]:
        for start, end in edges:
            chain: list[Node] = [(start, end, level) for level in range(self.layer[start] + 1, self.layer[end])]
            if not chain:
                continue
            self.up[end].remove(start)
            self.down[start].remove(end)
            for level, bend in enumerate(chain, self.layer[start] + 1):
                self.layer[bend] = level
            for before, after in zip([start, *chain], [*chain, end], strict=True):
                self.up[after].append(before)
                self.down[before].append(after)
            yield (start, end), chain


def spread(wanted: Sequence[float]) -> list[float]:
    """Places at least one row apart, in the given order, as near as possible to the wanted ones (least squares)."""
    pools: list[tuple[float, int]] = []
    for index, place in enumerate(wanted):
        pools.append((place - index, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (before, some), (after, more) = pools[-2:]
            pools[-2:] = [((before * some + after * more) / (some + more), some + more)]
    flat = [place for place, count in pools for _ in range(count)]
    return [place + index for index, place in enumerate(flat)]


def layout(count: int, edges: Sequence[Edge]) -> Layout:
    """Places for the nodes 0 to count - 1."""
    graph = _Graph(count, edges)
    layers: dict[int, list[Node]] = defaultdict(list)
    row: dict[Node, float] = {}
    for node in (*graph.linked, *(bend for chain in graph.chains.values() for bend in chain)):
        row[node] = len(layers[graph.layer[node]])
        layers[graph.layer[node]].append(node)
    for sweep in range(SWEEPS):
        _sweep(graph, layers, row, is_down=sweep % 2 == 0)
    places = _columns(graph, layers, row)
    _place_unlinked(graph, places)
    bends = {edge: [places[bend] for bend in chain] for edge, chain in graph.chains.items()}
    return Layout([places[node] for node in range(count)], bends)


def _sweep(graph: _Graph, layers: Mapping[int, list[Node]], row: dict[Node, float], *, is_down: bool) -> None:
    """Move every node towards the mean of its neighbours in the layer before."""
    side, other = (graph.up, graph.down) if is_down else (graph.down, graph.up)
    for level in sorted(layers, reverse=not is_down):
        nodes = layers[level]
        wanted = {node: _mean(row, side[node] or other[node]) for node in nodes}
        nodes.sort(key=wanted.__getitem__)
        row.update(zip(nodes, spread([wanted[node] for node in nodes]), strict=True))


def _mean(row: Mapping[Node, float], nodes: Sequence[Node]) -> float:
    return sum(row[node] for node in nodes) / len(nodes)


def _columns(graph: _Graph, layers: Mapping[int, list[Node]], row: Mapping[Node, float]) -> dict[Node, Place]:
    """One column for each layer. In a large graph several, as a layer of 900 nodes would be too tall a column."""
    top, left = min(row.values(), default=0.0), 0
    tallest = max(40, int((len(graph.linked) * 3) ** 0.5))
    places: dict[Node, Place] = {}
    for level in sorted(layers):
        nodes = layers[level]
        columns = 1 if graph.is_small else -(-len(nodes) // tallest)
        for index, node in enumerate(nodes):
            if graph.is_small:
                places[node] = (left, row[node] - top)
            else:
                places[node] = (left + index % columns, index // columns - len(nodes) / columns / 2)
        left += columns + (columns > 1)
    return places


def _place_unlinked(graph: _Graph, places: dict[Node, Place]) -> None:
    """Nodes without edges stand in a block below."""
    low = max((row for _, row in places.values()), default=-1.0)
    width = max(1, 1 + int(max((column for column, _ in places.values()), default=7)))
    alone = (node for node in range(graph.count) if node not in places)
    for index, node in enumerate(alone):
        places[node] = (index % width, low + 2 + index // width)
