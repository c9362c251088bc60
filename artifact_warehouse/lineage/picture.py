"""The lineage of a node or column as a picture, and as lines of text: what a notebook shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from artifact_warehouse.drawing import (
    Shape,
    as_svg,
    count_of,
    cut,
    document,
    folded,
    frame,
    glyph,
    layout,
    listing,
    shape,
    text,
    width_of,
)

if TYPE_CHECKING:
    from artifact_warehouse.lineage.nodes import Lineage

MOST_NODES = 80
"""The nearest nodes are drawn, and the others counted."""

_BOX_WIDTHS, _BOX_HEIGHT = (100, 230), 22
_GAP, _ROW = 34, 30
_MARGIN, _TOP = 16, 62
_STATES = {"failure": ("failure", "fail"), "warn": ("warn", "warn"), "stale": ("warn", "warn")}
"""The glyph and the class of a box by the state of its node."""

_NOT_LISTED = ("name",)
"""A unique_id has the name."""

Place = tuple[float, float]

Levels = list[list[str]]
"""The nodes that are one step away, two steps away, and so on."""


def levels_of(edges: Mapping[str, Sequence[str]], start: str) -> Levels:
    """The nodes that the edges lead to, by the fewest steps."""
    seen, levels = {start}, [[start]]
    while levels[-1]:
        reached = dict.fromkeys(other for node in levels[-1] for other in edges.get(node, ()))
        levels.append([node for node in reached if node not in seen])
        seen.update(reached)
    return levels[1:-1]


def lineage_text(lineage: Lineage) -> str:
    """A line for each distance in each direction."""
    lines = []
    for title, edges in lineage.edges.items():
        lines.append(title)
        for steps, nodes in enumerate(levels_of(edges, lineage.unique_id), 1):
            named = ", ".join(lineage.labels.get(node, node) for node in nodes)
            lines.append(f"  {count_of(steps, 'step')}: {named}")
        if len(lines[-1]) == len(title):
            lines.append("  nothing")
    return "\n".join(lines)


def lineage_svg(lineage: Lineage) -> str:
    """Boxes from left to right, failures and warnings marked. Tests are counted and not drawn: they are leaves."""
    return as_svg(_drawn(lineage))


def lineage_html(lineage: Lineage) -> str:
    """The picture, and below it a table of all that the lineage has, tests too."""
    rows = lineage.rows.drop_columns([name for name in _NOT_LISTED if name in lineage.rows.column_names])
    names = rows.column_names
    heads = [(">" if name == "distance" else "") + name.replace("_", " ") for name in names]
    listed = listing(heads, ([row[name] for name in names] for row in rows.to_pylist()))
    return document(_drawn(lineage), folded(f"{count_of(rows.num_rows, 'row')} in a table", listed))


def _drawn(lineage: Lineage) -> Shape:
    start = lineage.unique_id
    shown, note = _shown(lineage)
    index = {node: place for place, node in enumerate(shown)}
    pairs = sorted((index[above], index[below]) for above, below in _pairs(lineage) if {above, below} <= index.keys())
    placed = layout(len(shown), pairs)
    words = [_words(lineage, node) for node in shown]
    grid = _Grid(min(_BOX_WIDTHS[1], max(_BOX_WIDTHS[0], *(width_of(one) + 28 for one in words))))
    edges = (grid.edge([placed.places[a], *placed.bends.get((a, b), ()), placed.places[b]]) for a, b in pairs)
    boxes = (grid.box(lineage, *each) for each in zip(shown, words, placed.places, strict=True))
    right, low = (max(places) for places in zip(*(grid.corner(place) for place in placed.places), strict=True))
    width, height = max(480, right + grid.width + _MARGIN), low + _BOX_HEIGHT + _MARGIN
    heads = [
        text(_MARGIN, 26, cut(f"Lineage of {start}", width - 2 * _MARGIN, 15), "title"),
        text(_MARGIN, 44, note),
    ]
    return frame(width, height, f"Lineage of {start}: {note}", chain(heads, edges, chain.from_iterable(boxes)))


def _words(lineage: Lineage, node: str) -> str:
    """The name of a node, with its type unless it is a model. The start has no label."""
    if node not in lineage.labels:
        return node.split(".", 2)[-1]
    kind, space, name = lineage.labels[node].partition(" ")
    return name if kind == "model" else f"{kind.replace('_', ' ')}{space}{name}"


def _shown(lineage: Lineage) -> tuple[list[str], str]:
    """The nodes to draw, and a note that counts all."""
    steps: dict[str, int] = {}
    for edges in lineage.edges.values():
        for distance, nodes in enumerate(levels_of(edges, lineage.unique_id), 1):
            steps.update({node: min(distance, steps.get(node, distance)) for node in nodes})
    others = sorted((node for node in steps if not _is_test(node)), key=lambda node: (steps[node], node))
    tests = len(steps) - len(others)
    notes = [
        count_of(len(others), "column" if "column_name" in lineage.rows.column_names else "node"),
        *([f"{count_of(tests, 'test')} that are not drawn"] if tests else []),
        *([f"the nearest {MOST_NODES} are drawn"] if len(others) > MOST_NODES else []),
    ]
    return [lineage.unique_id, *others[:MOST_NODES]], ", ".join(notes)


def _is_test(node: str) -> bool:
    return node.startswith(("test.", "unit_test."))


def _pairs(lineage: Lineage) -> set[tuple[str, str]]:
    """The edges of both directions, each from the node above to the node below."""
    found = set()
    for title, edges in lineage.edges.items():
        is_down = title.startswith("depends on ")
        for node, others in edges.items():
            found |= {(node, other) if is_down else (other, node) for other in others}
    return found


class _Grid:
    """Where boxes of a width stand, and how edges lead from one to the next."""

    def __init__(self, width: float) -> None:
        self.width = width

    def corner(self, place: Place) -> Place:
        column, row = place
        return _MARGIN + column * (self.width + _GAP), _TOP + row * _ROW

    def edge(self, stops: Sequence[Place]) -> Shape:
        """A curve from the right edge of a box through the bends to the left edge of another one."""
        x, y = self._right(stops[0])
        path = [f"M{x:.1f} {y:.1f}"]
        for stop in stops[1:]:
            left, middle = self._left(stop)
            reach = max(14, (left - x) / 2)
            path.append(f"C{x + reach:.1f} {y:.1f} {left - reach:.1f} {middle:.1f} {left:.1f} {middle:.1f}")
            x, y = self._right(stop)
            path.append(f"H{x:.1f}" if stop is not stops[-1] else "")
        return shape("path", cls="edge", d="".join(path))

    def box(self, lineage: Lineage, node: str, words: str, place: Place) -> Iterator[Shape]:
        x, y = self.corner(place)
        mark, cls = _STATES.get(lineage.states.get(node, ""), (None, ""))
        names = f"box {cls} {'start' if node == lineage.unique_id else ''}".strip()
        yield shape("rect", shape("title", node), cls=names, x=x, y=y, width=self.width, height=_BOX_HEIGHT, rx=2)
        if mark:
            yield glyph(mark, x + 11, y + _BOX_HEIGHT / 2)
        indent = 20 if mark else 8
        yield text(x + indent, y + 15, cut(words, self.width - indent - 4), "lab")

    def _left(self, place: Place) -> Place:
        x, y = self.corner(place)
        return x, y + _BOX_HEIGHT / 2

    def _right(self, place: Place) -> Place:
        x, y = self._left(place)
        return x + self.width, y
