-- Runs with their outcome, the newest first.
-- parameters: $environment_id, $job_id, $run_id, $is_failed, $limit, $offset
-- tables: runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, job_name VARCHAR, invocation_id VARCHAR, command VARCHAR, generated_at TIMESTAMP)
-- grain: run_id
WITH found AS (
    SELECT
        runs.run_id,
        any_value(runs.job_id) AS job_id,
        any_value(runs.job_name) AS job_name,
        min(invocations.started_at) AS started_at,
        max(invocations.completed_at) AS finished_at,
        list(DISTINCT runs.command ORDER BY runs.command) AS commands,
        list(DISTINCT runs.invocation_id ORDER BY runs.invocation_id) AS invocation_ids,
        -- The logical run says how it ended: a retry may have mended a failure.
        coalesce(bool_and(logical_runs.is_success), bool_and(invocations.is_success)) AS is_success,
        CAST(sum(invocations.executed_count) AS BIGINT) AS executed_count,
        CAST(sum(invocations.failure_count) AS BIGINT) AS failure_count,
        CAST(sum(invocations.skipped_count) AS BIGINT) AS skipped_count
    FROM runs
    INNER JOIN v1.invocations AS invocations
        ON invocations.invocation_id = runs.invocation_id
        AND invocations.command = runs.command
    LEFT JOIN v1.logical_runs AS logical_runs
        ON logical_runs.invocation_id = runs.invocation_id
        AND logical_runs.command = runs.command
    WHERE runs.environment_id = $environment_id
        AND ($job_id IS NULL OR runs.job_id = $job_id)
        AND ($run_id IS NULL OR runs.run_id = $run_id)
    GROUP BY runs.run_id
)

SELECT *
FROM found
WHERE $is_failed IS NULL OR is_success = NOT $is_failed
ORDER BY finished_at DESC NULLS LAST, run_id
LIMIT $limit OFFSET $offset
