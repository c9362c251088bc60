"""The tables `environments` and `runs`, with the numbers by which clients name them."""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from artifact_warehouse.serve.ids import assign_ids
from artifact_warehouse.storage import query

Key = tuple[str, str | None]
"""What a number is made of, and the number of dbt Cloud."""


class Keys(NamedTuple):
    """The keys of all numbers, in the order in which they were first seen."""

    projects: tuple[Key, ...] = ()
    environments: tuple[Key, ...] = ()
    jobs: tuple[Key, ...] = ()
    runs: tuple[Key, ...] = ()


class Numbered(NamedTuple):
    """Every environment and every invocation, each with its numbers, and what these are made of."""

    environments: pa.Table
    runs: pa.Table
    keys: Keys


def numbered_tables(connection: duckdb.DuckDBPyConnection, known: Keys = Keys()) -> Numbered:  # noqa: B008 (immutable)
    """The tables of a warehouse. Keys that are known already keep their numbers."""
    environments = connection.sql(query("serve/environments")).to_arrow_table()
    runs = connection.sql(query("serve/runs")).to_arrow_table()
    places = environments.to_pylist()
    invocations = runs.to_pylist()
    keys = Keys(
        (*known.projects, *((_key("project", row), row["cloud_project_id"]) for row in places)),
        (*known.environments, *((_key("environment", row), row["cloud_environment_id"]) for row in places)),
        (*known.jobs, *{_key("job", row): row["cloud_job_id"] for row in invocations}.items()),
        (*known.runs, *{row["run_key"]: row["cloud_run_id"] for row in invocations}.items()),
    )
    project_ids, environment_ids, job_ids, run_ids = map(assign_ids, keys)
    environments = _with(environments, "project_id", [project_ids[_key("project", row)] for row in places])
    environments = _with(environments, "environment_id", [environment_ids[_key("environment", row)] for row in places])
    runs = _with(runs, "environment_id", [environment_ids.get(_key("environment", row)) for row in invocations])
    runs = _with(runs, "job_id", [job_ids[_key("job", row)] for row in invocations])
    runs = _with(runs, "run_id", [run_ids[row["run_key"]] for row in invocations])
    return Numbered(environments, runs, keys)


def known_ids(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row per job: the names and numbers of its project, its environment, itself and its last run."""
    environments, runs, _ = numbered_tables(connection)
    connection.register("environments", environments)
    connection.register("runs", runs)
    return connection.sql(query("serve/known_ids")).to_arrow_table()


_PARTS = {
    "project": ("project_name",),
    "environment": ("project_name", "environment"),
    "job": ("project_name", "environment", "job_name"),
}


def _key(kind: str, row: dict[str, Any]) -> str:
    return "\n".join([kind, *(row[part] or "" for part in _PARTS[kind])])


def _with(table: pa.Table, name: str, values: list[int | None]) -> pa.Table:
    return table.append_column(name, pa.array(values, pa.int64()))
