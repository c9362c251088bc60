"""Shows a lineage as a tree. Control characters of its texts are shown as escapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from artifact_warehouse.cli.echo import escape_control_characters, replace_unencodable
from artifact_warehouse.lineage import Lineage

_UNLIMITED = 100_000
_MOST_LEVELS = 400
"""No project is so deep; a ring of models would be a tree as deep as the ring is long."""

_INDENT, _LABEL_WIDTH = 4, 30
"""The columns that a level is indented by, and those that a label needs at least."""
_MARKS = {"failure": (" ✗ ", "bold red"), "warn": (" ! ", "yellow"), "stale": (" stale ", "bold red")}


def lineage_tree(lineage: Lineage, title: str, depth: int | None = None, width: int | None = None) -> Tree:
    """A tree of one direction of a lineage, as deep as a terminal of this width shows it.

    The branches of a node are shown once.
    """
    most_levels = _MOST_LEVELS if width is None else max(1, (width - _LABEL_WIDTH) // _INDENT)
    edges = lineage.edges[title]
    seen: set[str] = set()
    tree = Tree(Text(escape_control_characters(title), style="bold"))

    def grow(branch: Tree, above: str, node: str, level: int) -> None:
        is_last = level in (depth, most_levels)
        is_repeated = node in seen and bool(edges.get(node)) and not is_last
        child = branch.add(_label(node, lineage, is_repeated, lineage.kinds.get((above, node))))
        if level == most_levels != depth and edges.get(node):
            child.add(Text("further nodes: --format csv", style="dim"))
        if not (is_repeated or is_last):
            seen.add(node)
            for other in edges.get(node, ()):
                grow(child, node, other, level + 1)

    for other in edges.get(lineage.unique_id, ()):
        grow(tree, lineage.unique_id, other, 1)
    return tree


def print_trees(trees: Iterable[Tree], stream: IO[str]) -> None:
    """Print trees: in colour and folded on a terminal, in full width elsewhere."""
    console = Console(file=replace_unencodable(stream), highlight=False)
    if not console.is_terminal:
        console = Console(file=stream, highlight=False, width=_UNLIMITED, color_system=None)
    for tree in trees:
        console.print(tree)
    stream.flush()


def _label(node: str, lineage: Lineage, is_repeated: bool, kind: str | None) -> Text:
    text = Text(escape_control_characters(lineage.labels.get(node, node)))
    if kind:
        text.append(f" {kind}", style="cyan")
    mark = _MARKS.get(lineage.states.get(node, ""))
    if mark:
        text.append(*mark)
    if is_repeated:
        text.append(" (see above)", style="dim")
    return text
