"""Why nodes were skipped: the nearest failures above them, by a search of its own over a run's manifest."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

FAILED = {"error", "fail", "runtime error", "partial success"}
EXECUTED = FAILED | {"success", "pass", "warn"}


def children_of(manifest: dict) -> dict[str, set[str]]:
    children: dict[str, set[str]] = {}
    for section in ("nodes", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests"):
        for child, entry in manifest.get(section, {}).items():
            for parent in entry["depends_on"].get("nodes", []):
                children.setdefault(parent, set()).add(child)
    return children


def parents_of(manifest: dict, node: str) -> list[str]:
    entry = manifest["nodes"].get(node) or manifest.get("unit_tests", {}).get(node) or {}
    return entry.get("depends_on", {}).get("nodes", [])


def stopped_by_test(failure: str, tested: list[str], children: dict[str, set[str]]) -> set[str]:
    """What waits for a test itself: all that is below everything that it tests, but for what is below that."""
    if failure.startswith("unit_test."):
        return set(tested)
    if not failure.startswith("test.") or not tested:
        return set()
    nodes = {node: {c for c in below if not c.startswith(("test.", "unit_test."))} for node, below in children.items()}
    if len(set(tested)) == 1:
        return nodes.get(tested[0], set())
    common = set.intersection(*(descendants(node, nodes) for node in tested))
    return common - {child for node in common for child in nodes.get(node, ())}


def descendants(node: str, children: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [node]
    while left:
        new = children.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def nearest_failures(folder: Path) -> dict[str, set[tuple[str | None, int | None]]]:
    """{skipped node: its nearest failures with their distance}, breadth first from every failure."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    status = {result["unique_id"]: result["status"] for result in results}
    children = children_of(manifest)
    found: dict[str, dict[str, int]] = {}
    for failure in (node for node, word in status.items() if word in FAILED):
        first = {*children.get(failure, ()), *stopped_by_test(failure, parents_of(manifest, failure), children)}
        queue = deque((child, 1) for child in first)
        seen: set[str] = set()
        while queue:
            node, distance = queue.popleft()
            if node not in seen:
                seen.add(node)
                found.setdefault(node, {})[failure] = distance
                if status.get(node) not in EXECUTED:
                    queue.extend((child, distance + 1) for child in children.get(node, ()))
    nearest: dict[str, set[tuple[str | None, int | None]]] = {}
    for node in (node for node, word in status.items() if word == "skipped"):
        failures = found.get(node, {})
        best = min(failures.values(), default=None)
        nearest[node] = {(f, d) for f, d in failures.items() if d == best} or {(None, None)}
    return nearest
