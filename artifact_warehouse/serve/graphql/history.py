"""What a history adds to dbt's API: incidents, flaky tests, critical paths, and the lineage of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from artifact_warehouse.serve.graphql import environments
from artifact_warehouse.serve.graphql.cohorts import Cohort, Request, Row

DEEPEST = 1_000
"""How many steps of column lineage are followed where a document names no number."""


def incidents(
    request: Request,
    environment_id: int,
    filter: Mapping[str, Any] | None = None,
    first: int | None = None,
    after: str | None = None,
) -> list[Row]:
    """The streaks of failures of an environment's nodes, the newest first."""
    wanted = filter or {}
    parameters = {
        "environment_id": environment_id,
        "unique_ids": wanted.get("uniqueIds"),
        "is_open": wanted.get("isOpen"),
    }
    return _page(Cohort(request, request.fetch("incidents", parameters, "incidents")), first, after)


def flaky_tests(request: Request, environment_id: int, first: int | None = None, after: str | None = None) -> list[Row]:
    """The flaky tests of an environment, those that flip most first."""
    parameters = {"environment_id": environment_id}
    return _page(Cohort(request, request.fetch("flaky_tests_of", parameters, "flaky_tests")), first, after)


def column_lineage(
    request: Request,
    environment_id: int,
    uniqueId: str,
    column: str,
    direction: str = "up",
    depth: int | None = None,
) -> list[Row]:
    """The edges between a column and what it comes from, or what comes from it, the nearest first."""
    if depth is not None and depth < 1:
        raise GraphQLError(f"`depth` is {depth}; it must be 1 or more")
    parameters = {
        "environment_id": environment_id,
        "unique_id": uniqueId,
        "column": column,
        "is_upwards": direction == "up",
        "depth": min(depth or DEEPEST, DEEPEST),
    }
    return Cohort(request, request.fetch("column_lineage", parameters, "column_edges")).rows


def critical_path(request: Request, run_id: int, path: str | None) -> list[Row]:
    """The nodes that decided how long each invocation of a run took, step by step."""
    return Cohort(request, request.fetch("critical_path", {"run_id": run_id, "path": path})).rows


def _page(cohort: Cohort, first: int | None, after: str | None) -> list[Row]:
    cursors = cohort.table.column("pagination_cursor")
    begin = 0
    if after:
        if after not in cursors:
            raise GraphQLError(f"{after!r} is no cursor of this list as it is now; begin again without `after`")
        begin = cursors.index(after) + 1
    return cohort.rows[begin : begin + environments.page_size(first, cohort.request.limits.page)]
