"""Why one run went as it did: what failed and what that took with it, what is slow, what decided its length.

Everything is a query of the public views, on a connection that is passed in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from artifact_warehouse.errors import UnknownRun
from artifact_warehouse.monitor.checks import Scope

Rows = list[dict[str, Any]]

_COMPLETED_AT = (
    "coalesce(greatest(results.compile_completed_at, results.execute_completed_at), results.run_generated_at)"
)

FLAKY_TESTS = 20
"""How many flaky tests are listed: those of this run first."""

_RUN = """
SELECT
    invocation_id, command, project_name, environment, job_name, dbt_version, started_at, completed_at,
    elapsed_seconds, span_seconds, threads, is_success, is_aborted, is_retry, invocation_command, git_sha, git_branch,
    result_count, success_count, warn_count, failure_count, skipped_count
FROM v1.invocations AS runs
WHERE {condition}
ORDER BY is_executing DESC, generated_at DESC, invocation_id, command
"""

_FAILURES = f"""
WITH stopped AS (
    SELECT
        failed_unique_id AS unique_id,
        count(DISTINCT unique_id) AS skipped_count,
        list(DISTINCT unique_id ORDER BY unique_id) AS skipped_unique_ids
    FROM v1.skips
    WHERE invocation_id = $run AND command = $command
    GROUP BY failed_unique_id
)
SELECT
    results.unique_id,
    results.status,
    results.message,
    results.failures,
    results.execution_seconds,
    coalesce(stopped.skipped_count, 0) AS skipped_count,
    coalesce(stopped.skipped_unique_ids, []) AS skipped_unique_ids,
    incidents.opened_at AS failing_since,
    incidents.first_invocation_id AS failing_since_invocation_id,
    incidents.opening_changed_fields,
    incidents.failing_parent_unique_ids,
    incidents.closed_at
FROM v1.node_executions AS results
LEFT JOIN stopped ON stopped.unique_id = results.unique_id
LEFT JOIN v1.failure_incidents AS incidents
    ON incidents.project_name IS NOT DISTINCT FROM results.project_name
    AND incidents.environment = results.environment
    AND incidents.unique_id = results.unique_id
    AND {_COMPLETED_AT} BETWEEN incidents.opened_at AND incidents.last_failed_at
WHERE results.invocation_id = $run AND results.command = $command AND results.status_class = 'failure'
QUALIFY row_number() OVER (PARTITION BY results.unique_id ORDER BY incidents.opened_at) = 1
ORDER BY skipped_count DESC, results.unique_id
"""

_UNEXPLAINED = """
SELECT unique_id
FROM v1.skips
WHERE invocation_id = $run AND command = $command AND failed_unique_id IS NULL
ORDER BY unique_id
"""

_WARNINGS = """
SELECT unique_id, status, message, failures
FROM v1.node_executions
WHERE invocation_id = $run AND command = $command AND status_class = 'warn'
ORDER BY unique_id
"""

_SLOW = f"""
SELECT
    slow.unique_id,
    results.execution_seconds,
    slow.baseline_seconds,
    results.execution_seconds / nullif(slow.baseline_seconds, 0) AS slowdown_ratio,
    slow.began_at,
    slow.invocation_id AS began_invocation_id,
    slow.changes,
    slow.changed_fields,
    slow.dbt_version,
    slow.previous_dbt_version,
    slow.threads,
    slow.previous_threads
FROM v1.node_executions AS results
INNER JOIN v1.execution_time_regressions AS slow
    ON slow.project_name IS NOT DISTINCT FROM results.project_name
    AND slow.environment = results.environment
    AND slow.unique_id = results.unique_id
    AND (slow.materialized = results.materialized OR results.materialized IS NULL OR slow.materialized IS NULL)
    AND slow.is_full_refresh = coalesce(results.is_full_refresh, FALSE)
WHERE results.invocation_id = $run
    AND results.command = $command
    AND results.is_executed
    AND results.status_class IN ('success', 'warn')
    AND results.execution_seconds > slow.limit_seconds
    AND {_COMPLETED_AT} >= slow.began_at
    AND coalesce({_COMPLETED_AT} < slow.ended_at, TRUE)
QUALIFY row_number() OVER (PARTITION BY slow.unique_id ORDER BY slow.began_at DESC) = 1
ORDER BY results.execution_seconds - slow.baseline_seconds DESC, slow.unique_id
"""

_PATH = """
SELECT
    step, unique_id, resource_type, execution_seconds, started_after_seconds, queued_seconds, slack_seconds,
    drag_seconds
FROM v1.critical_path_of($run)
WHERE path = 'observed' AND command = $command
ORDER BY step
"""

_FLAKY = """
SELECT
    tests.unique_id,
    tests.name,
    tests.tested_unique_id,
    tests.flip_count,
    tests.executed_count,
    tests.failure_count,
    tests.last_flip_at,
    coalesce(results.status_class = 'failure', FALSE) AS is_failing_here
FROM v1.flaky_tests AS tests
LEFT JOIN (
    SELECT unique_id, status_class FROM v1.node_executions WHERE invocation_id = $run AND command = $command
) AS results ON results.unique_id = tests.unique_id
WHERE tests.project_name IS NOT DISTINCT FROM $project AND tests.environment = $environment
ORDER BY is_failing_here DESC, tests.flip_count DESC, tests.unique_id
LIMIT {limit}
"""


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
    }

    def rows(sql: str) -> Rows:
        return _rows(connection, sql, values)

    return Diagnosis(
        run=found,
        failures=rows(_FAILURES),
        skipped_without_cause=rows(_UNEXPLAINED),
        warnings=rows(_WARNINGS),
        slow=rows(_SLOW),
        critical_path=rows(_PATH),
        flaky_tests=rows(_FLAKY.format(limit=FLAKY_TESTS)),
    )


def _find(connection: duckdb.DuckDBPyConnection, run: str | None, scope: Scope) -> dict[str, Any]:
    condition = scope.where("runs", "job_name")
    values = {"project": scope.project, "environment": scope.environment, "job": scope.job, "run": run}
    if run is None:
        found = _rows(connection, _RUN.format(condition=f"is_executing AND {condition}") + "LIMIT 1", values)
        name = "run with these labels that executes nodes"
    else:
        found = _rows(connection, _RUN.format(condition=f"starts_with(invocation_id, $run) AND {condition}"), values)
        found = [row for row in found if row["invocation_id"] == run] or found
        name = f"run {run!r}"
    ids = tuple(dict.fromkeys(row["invocation_id"] for row in found))
    if len(ids) != 1:
        raise UnknownRun(name, ids[:10])
    return found[0]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any]) -> Rows:
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    result = connection.execute(sql, used)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
