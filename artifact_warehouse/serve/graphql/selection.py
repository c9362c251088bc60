"""dbt's syntax for selecting nodes: https://docs.getdbt.com/reference/node-selection/syntax. Knows no database.

Tests are not selected with the nodes that they test: a lineage names them where it wants them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol

MOST_CRITERIA = 50
"""How many criteria a selection has at most: each is compared with all nodes."""

_CRITERION = re.compile(
    r"(?P<around>@)?(?:(?P<up>\d*)\+)?(?:(?P<method>[\w.]+):)?(?P<value>.*?)(?:\+(?P<down>\d*))?", re.DOTALL
)


class InvalidSelection(ValueError):
    """A selection that cannot be read, and why."""


class Node(Protocol):
    """A node with its columns, as the rows of the table `nodes` are."""

    def get(self, name: str) -> Any:
        """The value of a column."""


class Graph(NamedTuple):
    """The nodes of a project by unique_id, and the ids of the parents and the children of each."""

    nodes: Mapping[str, Node]
    parents: Mapping[str, list[str]]
    children: Mapping[str, list[str]]


class Selected(NamedTuple):
    """The ids of the selected nodes, and of those among them that a criterion itself names, not one of its `+`."""

    ids: frozenset[str]
    named: frozenset[str]


def select(graph: Graph, wanted: str | None, excluded: str | None) -> Selected:
    """The nodes that `wanted` selects, all where it is empty, without those that `excluded` does."""
    chosen = _union(graph, wanted) if wanted else Selected(frozenset(graph.nodes), frozenset(graph.nodes))
    gone = _union(graph, excluded).ids if excluded else frozenset()
    return Selected(chosen.ids - gone, chosen.named - gone)


def _union(graph: Graph, text: str) -> Selected:
    """Criteria between spaces are united, those between commas intersected."""
    groups = [group.split(",") for group in text.split()]
    if sum(map(len, groups)) > MOST_CRITERIA:
        raise InvalidSelection(f"the selection has more than {MOST_CRITERIA} criteria")
    ids: set[str] = set()
    named: set[str] = set()
    for group in groups:
        parts = [_criterion(graph, text) for text in group]
        ids |= frozenset.intersection(*(part.ids for part in parts))
        named |= frozenset.intersection(*(part.named for part in parts))
    return Selected(frozenset(ids), frozenset(named))


def _criterion(graph: Graph, text: str) -> Selected:
    found = _CRITERION.fullmatch(text)
    if not found or not found["value"] or (found["around"] and found["up"] is not None):
        raise InvalidSelection(f"{text!r} selects nothing; write NAME, METHOD:VALUE, +NAME, NAME+2 or @NAME")
    named = frozenset(_matching(graph, found["method"], found["value"]))
    ids = set(named)
    if found["around"]:
        ids |= _reached(graph.children, named, None)
        ids |= _reached(graph.parents, ids, None)
    if found["up"] is not None:
        ids |= _reached(graph.parents, named, int(found["up"]) if found["up"] else None)
    if found["down"] is not None:
        ids |= _reached(graph.children, named, int(found["down"]) if found["down"] else None)
    return Selected(frozenset(ids), named)


def _reached(next_ids: Mapping[str, list[str]], start: Iterable[str], depth: int | None) -> set[str]:
    reached, frontier, step = set(start), set(start), 0
    while frontier and (depth is None or step < depth):
        frontier = {next_id for id_ in frontier for next_id in next_ids.get(id_, ())} - reached
        reached |= frontier
        step += 1
    return reached


def _matching(graph: Graph, method: str | None, value: str) -> Iterable[str]:
    name, _, rest = (method or _usual_method(value)).partition(".")
    nodes = {id_: node for id_, node in graph.nodes.items() if node.get("resource_type") not in ("macro", "group")}
    if name == "config" and rest:
        keys = rest.split(".")
        return [id_ for id_, node in nodes.items() if _has_config(node.get("config"), keys, value)]
    if name not in _METHODS or rest:
        known = ", ".join(sorted((*_METHODS, "config.KEY")))
        raise InvalidSelection(f"there is no method {method!r} here; there are {known}")
    matches = _METHODS[name]
    return [id_ for id_, node in nodes.items() if matches(node, value)]


def _usual_method(value: str) -> str:
    if "/" in value:
        return "path"
    return "file" if value.lower().endswith((".sql", ".py", ".csv")) else "fqn"


def _has_config(value: Any, keys: list[str], wanted: str) -> bool:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, list):
        return any(_same(one, wanted) for one in value)
    return wanted in value if isinstance(value, dict) else value is not None and _same(value, wanted)


def _same(value: Any, wanted: str) -> bool:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return fnmatchcase(text, wanted.lower() if isinstance(value, bool) else wanted)


def _of_fqn(node: Node, wanted: str) -> bool:
    """By the name, by the beginning of the fully qualified name, or by that without the package."""
    fqn = node.get("fqn")
    if not fqn or node.get("resource_type") not in _WITH_FQN:
        return False
    last = [fqn[-1]]
    if node.get("version") and len(fqn) > 1:
        last += [fqn[-2], "_".join(fqn[-2:]), ".".join(fqn[-2:])]
    parts = wanted.split(".")
    return any(fnmatchcase(name, wanted) for name in last) or any(_begins(names, parts) for names in (fqn, fqn[1:]))


def _begins(names: list[str], parts: list[str]) -> bool:
    return len(names) >= len(parts) and all(map(fnmatchcase, names, parts))


def _of_path(node: Node, wanted: str) -> bool:
    path = node.get("file_path")
    wanted = wanted.rstrip("/")
    return fnmatchcase(path, wanted) or fnmatchcase(path, f"{wanted}/*")


def _of_file(node: Node, wanted: str) -> bool:
    name = node.get("file_path").rpartition("/")[2]
    return fnmatchcase(name, wanted) or fnmatchcase(name.rpartition(".")[0], wanted)


def _of_source(node: Node, wanted: str) -> bool:
    if node.get("resource_type") != "source":
        return False
    names = [node.get("package_name"), node.get("source_name"), node.get("name")]
    parts = wanted.split(".")
    if len(parts) < 3:
        return _begins(names[1:], parts)
    return len(parts) == 3 and _begins(names, parts)


def _of_version(node: Node, wanted: str) -> bool:
    return node.get("resource_type") == "model" and bool(node.get("release_version") == wanted)


def _of_test_type(node: Node, wanted: str) -> bool:
    return wanted in _TEST_TYPES.get(node.get("test_type"), ())


def _of_column(column: str) -> Callable[[Node, str], bool]:
    return lambda node, wanted: fnmatchcase(node.get(column) or "", wanted)


def _of_group(node: Node, wanted: str) -> bool:
    return node.get("resource_type") not in ("test", "unit_test") and fnmatchcase(node.get("group") or "", wanted)


def _of_type(resource_type: str) -> Callable[[Node, str], bool]:
    """Nodes of one type, by the name or by the package and the name."""

    def matches(node: Node, wanted: str) -> bool:
        names = (node.get("name"), f"{node.get('package_name')}.{node.get('name')}")
        return node.get("resource_type") == resource_type and any(fnmatchcase(name, wanted) for name in names)

    return matches


_WITH_FQN = ("model", "seed", "snapshot", "test", "unit_test")
"""The types that their fully qualified name selects; a source or an exposure needs its method."""

_TEST_TYPES: dict[Any, tuple[str, ...]] = {
    "GENERIC_DATA_TEST": ("generic", "data"),
    "SINGULAR_DATA_TEST": ("singular", "data"),
    "UNIT_TEST": ("unit",),
}
"""The words of dbt for each type of test."""

_METHODS: dict[str, Callable[[Node, str], bool]] = {
    "access": _of_column("access"),
    "exposure": _of_type("exposure"),
    "file": _of_file,
    "fqn": _of_fqn,
    "group": _of_group,
    "metric": _of_type("metric"),
    "package": _of_column("package_name"),
    "path": _of_path,
    "resource_type": _of_column("resource_type"),
    "saved_query": _of_type("saved_query"),
    "semantic_model": _of_type("semantic_model"),
    "source": _of_source,
    "tag": lambda node, wanted: any(fnmatchcase(tag, wanted) for tag in node.get("tags")),
    "test_name": lambda node, wanted: fnmatchcase((node.get("test_metadata") or {}).get("name") or "", wanted),
    "test_type": _of_test_type,
    "unit_test": _of_type("unit_test"),
    "version": _of_version,
}
"""The methods of dbt that a manifest alone can answer."""
