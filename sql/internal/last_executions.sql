-- The latest executed result of every node, by the time at which it was completed.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.last_executions AS
WITH latest AS (
    SELECT project_name, environment, unique_id, max(completed_at) AS completed_at
    FROM internal.classified_executions
    WHERE is_executed
    GROUP BY project_name, environment, unique_id
)

SELECT
    executions.project_name,
    executions.environment,
    executions.unique_id,
    executions.invocation_id,
    executions.command,
    executions.generated_at,
    executions.status,
    executions.status_class,
    executions.execution_seconds,
    executions.failures,
    executions.message,
    executions.completed_at
FROM internal.classified_executions AS executions
INNER JOIN latest
    ON latest.project_name IS NOT DISTINCT FROM executions.project_name
    AND latest.environment = executions.environment
    AND latest.unique_id = executions.unique_id
    AND latest.completed_at = executions.completed_at
WHERE executions.is_executed
QUALIFY row_number() OVER (
    PARTITION BY executions.project_name, executions.environment, executions.unique_id
    ORDER BY executions.generated_at DESC, executions.invocation_id DESC, executions.command DESC
) = 1;

COMMENT ON VIEW internal.last_executions IS
    'One row per node that was ever executed. The one place that says which result is the last.';
