"""What a run of a job answers: the nodes as its manifest defines them, with their results in this run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from artifact_warehouse.serve.graphql.cohorts import Cohort, Request, Row

TYPES = {
    "exposures": ("exposure",),
    "macros": ("macro",),
    "metrics": ("metric",),
    "models": ("model",),
    "seeds": ("seed",),
    "snapshots": ("snapshot",),
    "sources": ("source",),
    "tests": ("test", "unit_test"),
}
"""dbt's resource types of each list of a run."""

ALL_TYPES = tuple(type_ for types in TYPES.values() for type_ in types)


def run_nodes(
    request: Request,
    run_ids: Iterable[int],
    types: tuple[str, ...] = ALL_TYPES,
    unique_ids: list[str] | None = None,
    tested_ids: list[str] | None = None,
) -> Cohort:
    """The nodes of runs: all, or those with these ids, or the tests of nodes with these ids."""
    parameters = {
        "run_ids": list(run_ids),
        "types": list(types),
        "unique_ids": unique_ids,
        "tested_ids": tested_ids,
    }
    return Cohort(request, request.fetch("run_nodes", parameters, "fields", "catalogs", "freshness"))


def model_runs(
    request: Request, environment_id: int, unique_id: str | None, identifier: str | None, count: int, with_catalog: bool
) -> list[Row]:
    """A model in its last runs, the newest first."""
    parameters = {
        "environment_id": environment_id,
        "unique_id": unique_id,
        "identifier": identifier,
        "count": count,
        "with_catalog": with_catalog,
    }
    found = request.fetch("model_runs", parameters, "nodes")
    pairs = list(zip(found.column("run_id"), found.column("unique_id"), strict=True))
    if not pairs:
        return []
    ids = list(dict.fromkeys(unique_id for _, unique_id in pairs))
    cohort = run_nodes(request, dict.fromkeys(run_id for run_id, _ in pairs), ("model",), ids)
    rows = cohort.grouped("run_id", "unique_id")
    return [row for pair in pairs for row in rows.get(pair, [])]


def tests(row: Row) -> list[Row]:
    """The tests of a node, with their results in the same run."""

    def load(cohort: Cohort) -> dict[Any, list[Row]]:
        found = run_nodes(
            cohort.request, cohort.distinct("run_id"), TYPES["tests"], tested_ids=cohort.distinct("unique_id")
        )
        return found.grouped("run_id", "tested_unique_id")

    found: dict[Any, list[Row]] = row.cohort.loaded("tests", load)
    return found.get((row.get("run_id"), row.get("unique_id")), [])


def ancestors(row: Row, types: tuple[str, ...]) -> list[Row]:
    """Every node above a node, of these types, in the same run."""
    return _related(row, "run_ancestors", types)


def children(row: Row) -> list[str]:
    """The unique_ids of the nodes that depend on a node directly, by the manifest of its run."""

    def load(cohort: Cohort) -> dict[Any, list[str]]:
        return _pairs(cohort, "run_children")

    found: dict[Any, list[str]] = row.cohort.loaded("run_children", load)
    return found.get((row.get("run_id"), row.get("unique_id")), [])


def parents(row: Row) -> list[Row]:
    """The nodes that a node depends on directly, in the same run."""
    found = _nodes_of(row, "parent_nodes")
    return [found[run_id, id_] for run_id, id_ in _keys(row, row.get("parent_nodes")) if (run_id, id_) in found]


def model_of(row: Row) -> Row | None:
    """The model of a metric, in the same run."""
    return _nodes_of(row, "model_unique_id").get((row.get("run_id"), row.get("model_unique_id")))


def _related(row: Row, statement: str, types: tuple[str, ...]) -> list[Row]:
    def load_pairs(cohort: Cohort) -> dict[Any, list[str]]:
        return _pairs(cohort, statement)

    pairs: dict[Any, list[str]] = row.cohort.loaded(statement, load_pairs)

    def load(cohort: Cohort) -> dict[Any, list[Row]]:
        reached = list(dict.fromkeys(id_ for ids in pairs.values() for id_ in ids if id_.split(".", 1)[0] in types))
        return run_nodes(cohort.request, cohort.distinct("run_id"), types, reached).grouped("run_id", "unique_id")

    nodes: dict[Any, list[Row]] = row.cohort.loaded((statement, types), load)
    run_id = row.get("run_id")
    return [node for id_ in pairs.get((run_id, row.get("unique_id")), []) for node in nodes.get((run_id, id_), [])]


def _pairs(cohort: Cohort, statement: str) -> dict[Any, list[str]]:
    parameters = {"run_ids": cohort.distinct("run_id"), "unique_ids": cohort.distinct("unique_id")}
    table = cohort.request.fetch(statement, parameters)
    pairs: dict[Any, list[str]] = {}
    for run_id, id_, other in zip(*map(table.column, ("run_id", "unique_id", "related_unique_id")), strict=True):
        pairs.setdefault((run_id, id_), []).append(other)
    return pairs


def _nodes_of(row: Row, column: str) -> dict[Any, Row]:
    """The nodes that a column of the cohort names, by run and unique_id."""

    def load(cohort: Cohort) -> dict[Any, Row]:
        named = cohort.table.column(column)
        ids = [id_ for value in named if value for id_ in ([value] if isinstance(value, str) else value)]
        found = run_nodes(cohort.request, cohort.distinct("run_id"), ALL_TYPES, list(dict.fromkeys(ids)))
        return {key: rows[0] for key, rows in found.grouped("run_id", "unique_id").items()}

    nodes: dict[Any, Row] = row.cohort.loaded(("named", column), load)
    return nodes


def _keys(row: Row, ids: list[str]) -> list[tuple[int, str]]:
    return [(row.get("run_id"), id_) for id_ in ids]
