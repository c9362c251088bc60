"""Why one run went as it did: what failed and what that took with it, what is slow, what decided its length.

Everything is a query of the public views, on a connection that is passed in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from artifact_warehouse.errors import UnknownRun
from artifact_warehouse.monitor.checks import Scope, ask

Rows = list[dict[str, Any]]

FLAKY_TESTS = 20
"""How many flaky tests are listed: those of this run first."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known of one run; the rows have the names of the views' columns."""

    run: dict[str, Any]
    failures: Rows
    """Every failure: what it stopped, since when it fails, and what had changed then."""
    skipped_without_cause: Rows
    """What was skipped with no failure above it that is known."""
    warnings: Rows
    slow: Rows
    """Nodes that were slower in this run than their own past, since when, and what changed then."""
    critical_path: Rows
    """What decided how long the run took, and what each of its nodes cost."""
    flaky_tests: Rows

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return asdict(self)


def diagnose(connection: duckdb.DuckDBPyConnection, run: str | None, scope: Scope) -> Diagnosis:
    """The diagnosis of a run, by invocation_id or its beginning; else of the last one in the scope.

    Raises UnknownRun.
    """
    found = _find(connection, run, scope)
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


def _find(connection: duckdb.DuckDBPyConnection, run: str | None, scope: Scope) -> dict[str, Any]:
    found = _rows(connection, "runs", {**asdict(scope), "run": run, "limit": 1 if run is None else None})
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
