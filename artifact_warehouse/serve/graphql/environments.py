"""What an environment answers: its lists of nodes in pages, and what belongs to each node."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from artifact_warehouse.serve.graphql.cohorts import Cohort, Request, Row

NODE_TYPES = {
    "Exposure": ("exposure",),
    "Macro": ("macro",),
    "Metric": ("metric",),
    "Model": ("model",),
    "SavedQuery": ("saved_query",),
    "Seed": ("seed",),
    "SemanticModel": ("semantic_model",),
    "Snapshot": ("snapshot",),
    "Source": ("source",),
    "Test": ("test", "unit_test"),
}
"""dbt's resource types of each ResourceNodeType."""

LISTS = {
    "exposures": ("exposure",),
    "groups": ("group",),
    "macros": ("macro",),
    "metrics": ("metric",),
    "models": ("model",),
    "savedQueries": ("saved_query",),
    "seeds": ("seed",),
    "semanticModels": ("semantic_model",),
    "snapshots": ("snapshot",),
    "sources": ("source",),
    "tests": ("test", "unit_test"),
}
"""The lists of an environment, each with the resource types that it has."""

CONDITIONS = {
    "access": "nodes.access = $access",
    "database": "lower(nodes.database) = lower($database)",
    "exposureType": "nodes.exposure_type = $exposureType",
    "freshnessChecked": "freshness.freshness_checked = $freshnessChecked",
    "freshnessStatus": "freshness.freshness_status = $freshnessStatus",
    "group": 'nodes."group" = $group',
    "identifier": "lower(nodes.identifier) = lower($identifier)",
    "lastRunStatus": "executions.last_run_status = $lastRunStatus",
    "modelingLayer": "nodes.modeling_layer = $modelingLayer",
    "packageName": "nodes.package_name = $packageName",
    "schema": "lower(nodes.schema) = lower($schema)",
    "sourceNames": "list_contains($sourceNames, nodes.source_name)",
    "status": "lower(executions.last_known_result) = lower($status)",
    "tags": "list_has_any(nodes.tags, $tags)",
    "testTypes": "list_contains($testTypes, nodes.test_type)",
    "uniqueIds": "nodes.unique_id IN (SELECT unnest($uniqueIds))",
}
"""The condition of each field of the filters."""

ORDERS = {
    "executeCompletedAt": "executions.execute_completed_at",
    "rowCount": "nodes.row_count",
    "uniqueId": "nodes.unique_id",
    "queryUsageCount": "nodes.unique_id",  # no artifact counts queries
}

LINKS = {
    "catalog": "catalogs",
    "executionInfo": "executions",
    "flakiness": "flaky_tests",
    "freshness": "freshness",
}
"""Fields that are the one row of a table about the node."""

LISTS_ABOUT = {"columnLineage": "column_edges", "columns": "columns", "incidents": "incidents", "stats": "stats"}
"""Fields that are all rows of a table about the node."""

RELATED = {
    "ancestors": "ancestors",
    "children": "children",
    "models": "group_models",
    "parents": "parents",
    "tests": "tests",
    "versions": "versions",
}
"""Fields that are nodes, which a table relates to the node."""

BORROWED = {
    "eventStatus": ("executions", "last_known_result"),
    "lastKnownResult": ("executions", "last_known_result"),
    "lastRunStatus": ("executions", "last_run_status"),
    "testStatuses": ("test_statuses", "test_statuses"),
    "worstTestStatus": ("test_statuses", "worst_test_status"),
}
"""Fields of a node that are a column of the one row of a table about it."""

NODE_TABLES = ("nodes", "executions", "freshness")


def list_nodes(
    request: Request, environment_id: int, types: tuple[str, ...], filters: Mapping[str, Any], order: str
) -> list[str]:
    """The unique_ids of all nodes of these types that the filters let pass, in order."""
    given = {name: value for name, value in filters.items() if value is not None and name in CONDITIONS}
    table = request.fetch(
        "node_page",
        {"environment_id": environment_id, "types": list(types), **given},
        *NODE_TABLES,
        conditions=" AND ".join(["TRUE", *(CONDITIONS[name] for name in given)]),
        order=order,
    )
    return table.column("unique_id")


def nodes(request: Request, environment_id: int, unique_ids: list[str]) -> list[Row]:
    """These nodes, in this order."""
    parameters = {"environment_ids": [environment_id], "unique_ids": unique_ids}
    cohort = Cohort(request, request.fetch("rows_of", parameters, "nodes", table="nodes"))
    places = {unique_id: index for index, unique_id in enumerate(cohort.table.column("unique_id"))}
    return [cohort.rows[places[unique_id]] for unique_id in unique_ids]


def connection(
    request: Request,
    environment_id: int,
    types: tuple[str, ...],
    *,
    first: int | None = None,
    after: str | None = None,
    filter: Mapping[str, Any] | None = None,
    sort: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A page of nodes. The cursor of a node is its unique_id: it stays the same while nodes come and go around it."""
    filters = dict(filter or {})
    if "types" in filters:
        types = tuple(type_ for wanted in filters["types"] for type_ in NODE_TYPES[wanted])
    order = "nodes.unique_id"
    if sort:
        order = f"{ORDERS[sort['field']]} {sort['direction']} NULLS LAST, nodes.unique_id"
    unique_ids = list_nodes(request, environment_id, types, filters, order)
    begin, end = page(unique_ids, first, after, request.limits.page, is_sorted_by_id=sort is None)
    rows = nodes(request, environment_id, unique_ids[begin:end]) if end > begin else []
    edges = [{"node": row, "cursor": cursor(row.get("unique_id"))} for row in rows]
    return {
        "edges": edges,
        "total_count": len(unique_ids),
        "page_info": {
            "start_cursor": edges[0]["cursor"] if edges else None,
            "end_cursor": edges[-1]["cursor"] if edges else after,
            "has_next_page": end < len(unique_ids),
            "has_previous_page": begin > 0,
        },
    }


def page(
    unique_ids: list[str], first: int | None, after: str | None, limit: int, is_sorted_by_id: bool = True
) -> tuple[int, int]:
    """Where a page begins and ends."""
    size = page_size(first, limit)
    begin = 0
    if after:
        last = decoded(after)
        if last in unique_ids:
            begin = unique_ids.index(last) + 1
        elif is_sorted_by_id:
            begin = sum(unique_id <= last for unique_id in unique_ids)
        else:
            raise GraphQLError("the node of the cursor is not in the list any more; begin again without `after`")
    return begin, min(begin + size, len(unique_ids))


def page_size(first: int | None, limit: int) -> int:
    """How many nodes a page has. Raises GraphQLError for too many."""
    if first is not None and not 0 <= first <= limit:
        raise GraphQLError(f"`first` is {first}; it must be between 0 and {limit}")
    return limit if first is None else first


def cursor(unique_id: str) -> str:
    """The cursor of a node."""
    return base64.urlsafe_b64encode(unique_id.encode()).decode()


def decoded(cursor: str) -> str:
    """The unique_id in a cursor."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError as error:
        raise GraphQLError(f"{cursor!r} is no cursor of this list; take one of `pageInfo`") from error


def about(row: Row, table: str) -> list[Row]:
    """The rows of a table about a node."""

    def load(cohort: Cohort) -> dict[Any, list[Row]]:
        return _about_all(cohort, "rows_of", table).grouped("environment_id", "unique_id")

    found: dict[Any, list[Row]] = row.cohort.loaded(table, load)
    return found.get((row.get("environment_id"), row.get("unique_id")), [])


def related(row: Row, table: str) -> list[Row]:
    """The nodes that a table relates to a node."""

    def load(cohort: Cohort) -> dict[Any, list[Row]]:
        return _about_all(cohort, "related_nodes", table).grouped("environment_id", "owner")

    found: dict[Any, list[Row]] = row.cohort.loaded(("related", table), load)
    return found.get((row.get("environment_id"), row.get("unique_id")), [])


def _about_all(cohort: Cohort, statement: str, table: str) -> Cohort:
    parameters = {"environment_ids": cohort.distinct("environment_id"), "unique_ids": cohort.distinct("unique_id")}
    return Cohort(cohort.request, cohort.request.fetch(statement, parameters, "nodes", table, table=table))
