-- The runs since a time that failed as a whole: dbt gave up, and no single node or check is to blame.
-- parameters: $since
-- grain: invocation_id, command
WITH messages AS (
    SELECT invocation_id, command, min(message) AS message
    FROM v1.node_executions
    WHERE status_class = 'not_executed' AND lower(status) = 'error'
    GROUP BY invocation_id, command
)

SELECT
    runs.project_name,
    runs.environment,
    runs.invocation_id,
    runs.command,
    runs.job_name,
    runs.started_at,
    runs.completed_at,
    runs.result_count,
    runs.invocation_command,
    runs.git_sha,
    messages.message
FROM v1.invocations AS runs
LEFT JOIN messages
    ON messages.invocation_id = runs.invocation_id
    AND messages.command = runs.command
WHERE NOT runs.is_success AND runs.failure_count = 0 AND runs.completed_at >= $since
ORDER BY runs.completed_at ASC, runs.invocation_id ASC, runs.command ASC
