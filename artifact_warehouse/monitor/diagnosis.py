"""Explains one run: its failures and the nodes skipped for them, its slow nodes, its critical path.

Queries the public views through the caller's connection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from artifact_warehouse.errors import UnknownRun
from artifact_warehouse.monitor.checks import ask
from artifact_warehouse.monitor.contacts import Contact, contacts
from artifact_warehouse.monitor.html import OUTCOMES, diagnosis_html
from artifact_warehouse.storage import require_labels

Rows = list[dict[str, Any]]

_NAMED = 3
"""How many nodes of each kind the text of a Diagnosis names."""

FLAKY_TESTS = 20
"""How many flaky tests are listed. Tests that failed in this run come first."""


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """One run explained. The keys of every row are columns of the views."""

    run: dict[str, Any]
    failures: Rows
    """Each failed node: what dbt skipped for it, since when it fails and what changed then, and whom it concerns."""
    skipped_without_cause: Rows
    """Skipped nodes without a known failure among their ancestors."""
    warnings: Rows
    """Each node that warned, and whom it concerns."""
    slow: Rows
    """Nodes that took longer than their own baseline, since when, and what changed then."""
    critical_path: Rows
    """The chain of nodes that determined how long the run took."""
    flaky_tests: Rows

    def __repr__(self) -> str:
        """What the run was, and a line for each part of the diagnosis that has something."""
        run = self.run
        outcome = OUTCOMES[run["is_success"]]
        place = ", ".join(part for part in (run["project_name"], run["environment"], run["job_name"]) if part)
        head = f"Diagnosis: {run['command']} of {place}, {run['invocation_id'][:8]}, {outcome}"
        skipped = sum(row["skipped_count"] for row in self.failures)
        parts = (
            (f"failures, with {skipped} skipped for them", self.failures),
            ("skipped without a known failure upstream", self.skipped_without_cause),
            ("warnings", self.warnings),
            ("slower than before", self.slow),
            ("steps that decided how long it took", self.critical_path),
            ("flaky tests", self.flaky_tests),
        )
        return "\n  ".join([head, *(f"{len(rows)} {title}: {_some(rows)}" for title, rows in parts if rows)])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return diagnosis_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis for JSON."""
        return asdict(self)


def _some(rows: Rows) -> str:
    names = [str(row["unique_id"]) for row in rows[:_NAMED]]
    return ", ".join([*names, "…"] if len(rows) > _NAMED else names)


def diagnose(
    connection: duckdb.DuckDBPyConnection,
    run: str | None = None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> Diagnosis:
    """Explain a run. `run` is an invocation_id or its beginning; without it, the last run with the labels.

    Raises UnknownLabel and UnknownRun.
    """
    labels = {"project": project, "environment": environment, "job": job}
    require_labels(connection, **labels)
    found = find_run(connection, run, **labels)
    values = {
        "run": found["invocation_id"],
        "command": found["command"],
        "project": found["project_name"],
        "environment": found["environment"],
        "limit": FLAKY_TESTS,
    }

    def rows(name: str) -> Rows:
        return _rows(connection, name, values)

    failures, warnings = rows("run_failures"), rows("run_warnings")
    place = (found["project_name"], found["environment"])
    known = contacts(connection, (row["unique_id"] for row in (*failures, *warnings)))
    nobody = Contact("")

    def with_contacts(rows: Rows) -> Rows:
        return [{**row, **known.get((place, row["unique_id"]), nobody).about()} for row in rows]

    return Diagnosis(
        run=found,
        failures=with_contacts(failures),
        skipped_without_cause=rows("run_unexplained_skips"),
        warnings=with_contacts(warnings),
        slow=rows("run_slow_nodes"),
        critical_path=rows("run_critical_path"),
        flaky_tests=rows("run_flaky_tests"),
    )


def run_failures(connection: duckdb.DuckDBPyConnection, invocation_id: str, command: str) -> Rows:
    """The failures of one run, as a Diagnosis has them but for whom they concern."""
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


def find_previous_run(connection: duckdb.DuckDBPyConnection, run: dict[str, Any]) -> dict[str, Any]:
    """The run before a run, of its project, environment and command, and of its job where there is one.

    Raises UnknownRun.
    """
    found = _rows(connection, "previous_run", {"run": run["invocation_id"], "command": run["command"]})
    if not found:
        raise UnknownRun(f"earlier run like {run['invocation_id']}", ())
    return found[0]


def _rows(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> Rows:
    result = ask(connection, name, values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
