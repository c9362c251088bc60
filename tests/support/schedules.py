"""The schedule of a run, worked out from its two files with networkx: an oracle for v1.run_timelines and its like.

It goes by dbt's own words: what `dbt build` adds to the graph is found by the ancestors of every node, and what was not
executed is taken out one node after the other. Drag is found by working it all out again without the node.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise, product
from typing import Any

import networkx as nx

EXECUTED = {"success", "pass", "warn", "error", "fail", "runtime error", "partial success"}
STOPPED_BY_TESTS = ("model", "seed", "snapshot", "analysis")
SECTIONS = ("nodes", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass
class Result:
    """An executed result; times in microseconds, since 1970."""

    thread_id: str | None
    started_at: int | None
    completed_at: int | None
    duration: int


@dataclass
class Step:
    """What is to be found of a node; in microseconds."""

    waited_for: str | None
    earliest_start: int
    slack: int
    drag: int
    observed_step: int | None = None
    critical_step: int | None = None


def type_of(unique_id: str) -> str:
    return unique_id.split(".", maxsplit=1)[0]


def microseconds(text: str) -> int:
    """Of a time as dbt writes it; 2.0's nanoseconds are cut."""
    if "." in text:
        whole, fraction = text.split(".", 1)
        text = f"{whole}.{fraction.rstrip('Z')[:6]}"
    moment = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(microseconds=1)


def results_of(run_results: dict[str, Any]) -> dict[str, Result]:
    """The executed results of nodes, hooks left out."""
    found: dict[str, Result] = {}
    for result in run_results["results"]:
        if result["status"].lower() not in EXECUTED or type_of(result["unique_id"]) == "operation":
            continue
        timing = [t for t in result.get("timing") or [] if t["name"] in ("compile", "execute")]
        started = min((microseconds(t["started_at"]) for t in timing if t.get("started_at")), default=None)
        completed = max((microseconds(t["completed_at"]) for t in timing if t.get("completed_at")), default=None)
        seconds = result.get("execution_time")
        if seconds is not None and 0 <= seconds <= 1e7:
            duration = int(seconds * 1e6 + 0.5)
        else:
            duration = max(completed - started, 0) if started is not None and completed is not None else 0
        if started is None and completed is not None and seconds is not None:
            started = completed - duration
        found[result["unique_id"]] = Result(result.get("thread_id"), started, completed, duration)
    return found


def parents_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    return {
        unique_id: list(dict.fromkeys((entry.get("depends_on") or {}).get("nodes") or []))
        for section in SECTIONS
        for unique_id, entry in (manifest.get(section) or {}).items()
    }


def graph_of(manifest: dict[str, Any], command: str, dbt_version: str) -> nx.DiGraph:
    """The graph that a command goes by: dbt build makes nodes wait for tests, and models for their unit tests."""
    parents = parents_of(manifest)
    graph = nx.DiGraph((parent, child) for child, of in parents.items() for parent in of)
    if command == "clone":
        return nx.create_empty_copy(graph)
    if command != "build":
        return graph
    is_new = int(dbt_version.split(".", maxsplit=1)[0]) >= 2
    test_edges = [(test, node) for test, node in held_back(graph, parents) if not is_new or type_of(node) == "model"]
    unit_tests = [node for node in sorted(graph) if type_of(node) == "unit_test"]
    models = {unit_test: parents[unit_test] for unit_test in unit_tests}
    graph.remove_nodes_from(unit_tests)
    before = graph.copy()
    graph.add_edges_from(test_edges)
    last: dict[str, str] = {}
    for unit_test, of in models.items():
        for model in of:
            above = before if is_new else graph
            above_model = [p for p in above.predecessors(model) if type_of(p) != "unit_test"] if model in above else []
            graph.add_edges_from((parent, unit_test) for parent in above_model)
            graph.add_edge(unit_test, model)
            if not is_new and model in last:
                graph.add_edge(last[model], unit_test)
            last[model] = unit_test
    return graph


def held_back(graph: nx.DiGraph, parents: dict[str, list[str]]) -> list[tuple[str, str]]:
    """(test, node) where the node is among the first that wait for the test: those below wait for these.

    A node waits for every test whose nodes are all above it.
    """
    above = {node: nx.ancestors(graph, node) for node in graph if type_of(node) in STOPPED_BY_TESTS}
    found = []
    for test, of in parents.items():
        if type_of(test) == "test" and of:
            waiting = {node for node, ancestors in above.items() if set(of) <= ancestors}
            for node in waiting:
                direct = set(graph.predecessors(node))
                if set(of) <= direct if len(of) == 1 else not waiting & direct:
                    found.append((test, node))
    return found


def executed_part(graph: nx.DiGraph, executed: set[str]) -> nx.DiGraph:
    """The graph without what was not executed: who depended through it depends directly."""
    part = graph.copy()
    part.add_nodes_from(executed)
    while unneeded := [n for n in part if n not in executed and not part.in_degree(n) * part.out_degree(n)]:
        part.remove_nodes_from(unneeded)
    for node in [n for n in part if n not in executed]:
        part.add_edges_from((a, b) for a, b in product(list(part.predecessors(node)), list(part.successors(node))))
        part.remove_node(node)
    return part


def total_time(graph: nx.DiGraph, order: list[str], times: dict[str, int]) -> int:
    ends: dict[str, int] = {}
    for node in order:
        ends[node] = times[node] + max((ends[parent] for parent in graph.predecessors(node)), default=0)
    return max(ends.values(), default=0)


def schedule(manifest: dict[str, Any], run_results: dict[str, Any], with_drag: bool = True) -> dict[str, Step]:
    """{unique_id: Step} of every executed node of a run."""
    results = results_of(run_results)
    if not results:
        return {}
    args = run_results.get("args") or {}
    command = args.get("which") or args.get("rpc_method") or "unknown"
    graph = executed_part(graph_of(manifest, command, run_results["metadata"].get("dbt_version") or "1"), set(results))
    order = list(nx.topological_sort(graph))
    times = {node: result.duration for node, result in results.items()}
    starts: dict[str, int] = {}
    for node in order:
        starts[node] = max((starts[p] + times[p] for p in graph.predecessors(node)), default=0)
    ends = {node: starts[node] + times[node] for node in order}
    total = max(ends.values())
    latest: dict[str, int] = {}
    for node in reversed(order):
        latest[node] = min((latest[child] - times[child] for child in graph.successors(node)), default=total)
    steps = {
        node: Step(
            waited_for(graph, results, node),
            starts[node],
            latest[node] - ends[node],
            total - total_time(graph, order, {**times, node: 0}) if with_drag else 0,
        )
        for node in order
    }
    for place, node in enumerate(observed_path(steps, results), start=1):
        steps[node].observed_step = place
    for place, node in enumerate(theoretical_path(graph, ends), start=1):
        steps[node].critical_step = place
    return steps


def waited_for(graph: nx.DiGraph, results: dict[str, Result], node: str) -> str | None:
    own_end = results[node].completed_at
    ends = {parent: results[parent].completed_at for parent in graph.predecessors(node)}
    known = {parent: end for parent, end in ends.items() if end is not None and own_end is not None and end <= own_end}
    return min(known, key=lambda parent: (-known[parent], parent), default=None)


def observed_path(steps: dict[str, Step], results: dict[str, Result]) -> list[str]:
    known = {node: results[node].completed_at for node in steps if results[node].completed_at is not None}
    path = []
    node = min(known, key=lambda n: (-(known[n] or 0), n), default=None)
    while node is not None:
        path.insert(0, node)
        node = steps[node].waited_for
    return path


def theoretical_path(graph: nx.DiGraph, ends: dict[str, int]) -> list[str]:
    def last(nodes: Any) -> str | None:
        return min(nodes, key=lambda node: (-ends[node], node), default=None)

    path = []
    node = last(ends)
    while node is not None:
        path.insert(0, node)
        node = last(graph.predecessors(node))
    return path


def replay(manifest: dict[str, Any], run_results: dict[str, Any], threads: int) -> dict[str, tuple[int, int, int]]:
    """{unique_id: (start, end, thread)}, in microseconds: the thread that was free first takes what was ready first."""
    results = results_of(run_results)
    command = run_results["args"].get("which") or "unknown"
    graph = executed_part(graph_of(manifest, command, run_results["metadata"].get("dbt_version") or "1"), set(results))
    level: dict[str, int] = {}
    for node in nx.topological_sort(graph):
        level[node] = max((level[parent] + 1 for parent in graph.predecessors(node)), default=0)
    handover = mean_handover(graph, results)
    pending = dict(graph.in_degree())
    ready = [(0, level[node], node) for node in graph if not pending[node]]
    heapq.heapify(ready)
    free = deque(range(1, threads + 1))
    running: list[tuple[int, int, str]] = []
    found: dict[str, tuple[int, int, int]] = {}
    clock = 0
    while ready or running:
        while ready and free:
            _, _, node = heapq.heappop(ready)
            found[node] = (clock, clock + results[node].duration, free.popleft())
            heapq.heappush(running, (found[node][1] + handover, len(found), node))
        clock = running[0][0]
        while running and running[0][0] == clock:
            _, _, done = heapq.heappop(running)
            free.append(found[done][2])
            for child in graph.successors(done):
                pending[child] -= 1
                if not pending[child]:
                    heapq.heappush(ready, (clock, level[child], child))
    return found


def mean_handover(graph: nx.DiGraph, results: dict[str, Result]) -> int:
    """What passed on average between two nodes on a thread, where the second was ready before the first ended."""
    threads: dict[str | None, list[tuple[int, str]]] = {}
    for node, result in results.items():
        if result.started_at is not None:
            threads.setdefault(result.thread_id, []).append((result.started_at, node))
    gaps = []
    for entries in threads.values():
        for (start, first), (next_start, second) in pairwise(sorted(entries)):
            parent = waited_for(graph, results, second)
            ready_at = results[parent].completed_at if parent else None
            free_at = results[first].completed_at
            if ready_at is None or (free_at is not None and ready_at <= free_at):
                gaps.append(max(next_start - start - results[first].duration, 0))
    return sum(gaps) // len(gaps) if gaps else 0
