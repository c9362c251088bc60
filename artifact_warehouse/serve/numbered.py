"""The tables `environments` and `runs`, with the numbers by which clients name them."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.serve.ids import assign_ids
from artifact_warehouse.storage import query


def numbered_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """Every environment and every invocation, each with its numbers."""
    environments = connection.sql(query("serve/environments")).to_arrow_table()
    runs = connection.sql(query("serve/runs")).to_arrow_table()
    places = environments.to_pylist()
    invocations = runs.to_pylist()
    project_ids = assign_ids((_key("project", row), row["cloud_project_id"]) for row in places)
    environment_ids = assign_ids((_key("environment", row), row["cloud_environment_id"]) for row in places)
    job_ids = assign_ids({_key("job", row): row["cloud_job_id"] for row in invocations}.items())
    run_ids = assign_ids({row["run_key"]: row["cloud_run_id"] for row in invocations}.items())
    environments = _with(environments, "project_id", [project_ids[_key("project", row)] for row in places])
    environments = _with(environments, "environment_id", [environment_ids[_key("environment", row)] for row in places])
    runs = _with(runs, "environment_id", [environment_ids.get(_key("environment", row)) for row in invocations])
    runs = _with(runs, "job_id", [job_ids[_key("job", row)] for row in invocations])
    runs = _with(runs, "run_id", [run_ids[row["run_key"]] for row in invocations])
    return {"environments": environments, "runs": runs}


def known_ids(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row per job: the names and numbers of its project, its environment, itself and its last run."""
    for name, table in numbered_tables(connection).items():
        connection.register(name, table)
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
