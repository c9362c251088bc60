-- The nodes that became slower than their own past since a time, and are still: three executions in a row confirm it.
-- parameters: $since
-- grain: project_name, environment, unique_id, materialized, is_full_refresh, began_at
SELECT
    slower.project_name,
    slower.environment,
    slower.unique_id,
    slower.materialized,
    slower.is_full_refresh,
    slower.began_at,
    slower.invocation_id,
    slower.baseline_seconds,
    slower.regressed_seconds,
    slower.changes,
    slower.changed_fields,
    slower.dbt_version,
    slower.previous_dbt_version,
    slower.threads,
    slower.previous_threads,
    runs.job_name,
    runs.git_sha
FROM v1.execution_time_regressions AS slower
LEFT JOIN v1.invocations AS runs
    ON runs.invocation_id = slower.invocation_id
    AND runs.command = slower.command
WHERE slower.is_confirmed AND slower.ended_at IS NULL AND slower.began_at >= $since
ORDER BY slower.began_at ASC, slower.project_name ASC, slower.environment ASC, slower.unique_id ASC
