"""Explains one run: its failures and the nodes skipped for them, its slow nodes, its critical path.

Queries the public views through the caller's connection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from artifact_warehouse.errors import UnknownRun
from artifact_warehouse.monitor.checks import ask

Rows = list[dict[str, Any]]

FLAKY_TESTS = 20
"""How many flaky tests are listed. Tests that failed in this run come first."""


@dataclass(frozen=True)
class Diagnosis:
    """One run explained. The keys of every row are columns of the views."""

    run: dict[str, Any]
    failures: Rows
    """Each failed node: the nodes that dbt skipped for it, since when it fails, and what changed then."""
    skipped_without_cause: Rows
    """Skipped nodes without a known failure among their ancestors."""
    warnings: Rows
    slow: Rows
    """Nodes that took longer than their own baseline, since when, and what changed then."""
    critical_path: Rows
    """The chain of nodes that determined how long the run took."""
    flaky_tests: Rows

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis for JSON."""
        return asdict(self)


def diagnose(
    connection: duckdb.DuckDBPyConnection,
    run: str | None = None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> Diagnosis:
    """Explain a run. `run` is an invocation_id or its beginning; without it, the last run with the labels.

    Raises UnknownRun.
    """
    found = find_run(connection, run, project=project, environment=environment, job=job)
    values = {
        "run": found["invocation_id"],
        "command": found["command"],
        "project": found["project_name"],
        "environment": found["environment"],
        "limit": FLAKY_TESTS,
    }

    def rows(name: str) -> Rows:
        return _rows(connection, name, values)

    return Diagnosis(
        run=found,
        failures=rows("run_failures"),
        skipped_without_cause=rows("run_unexplained_skips"),
        warnings=rows("run_warnings"),
        slow=rows("run_slow_nodes"),
        critical_path=rows("run_critical_path"),
        flaky_tests=rows("run_flaky_tests"),
    )


def run_failures(connection: duckdb.DuckDBPyConnection, invocation_id: str, command: str) -> Rows:
    """The failures of one run, as a Diagnosis has them."""
    return _rows(connection, "run_failures", {"run": invocation_id, "command": command})


def find_run(
    connection: duckdb.DuckDBPyConnection,
    run: str | None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> dict[str, Any]:
    """The row of one run. `run` is an invocation_id or its beginning; without it, the last run with the labels.

    Raises UnknownRun.
    """
    labels = {"project": project, "environment": environment, "job": job}
    found = _rows(connection, "runs", {**labels, "run": run, "limit": 1 if run is None else None})
    found = [row for row in found if row["invocation_id"] == run] or found
    ids = tuple(dict.fromkeys(row["invocation_id"] for row in found))
    if len(ids) != 1:
        name = "run with these labels that executes nodes" if run is None else f"run {run!r}"
        raise UnknownRun(name, ids[:10])
    return found[0]


def _rows(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> Rows:
    result = ask(connection, name, values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
