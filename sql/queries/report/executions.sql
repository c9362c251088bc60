-- Every result of every node. Of runs whose timeline is not whole, times have three significant digits, and rows are
-- left out.
-- parameters: $since, $project, $environment, $job, $whole_runs
-- grain: invocation_id, command, unique_id
WITH runs AS (
    SELECT
        invocation_id,
        command,
        row_number() OVER (ORDER BY generated_at ASC, invocation_id ASC, command ASC) AS run_number,
        $whole_runs IS NULL OR is_success IS NOT TRUE OR row_number() OVER (
            PARTITION BY project_name, environment, job_name, command
            ORDER BY generated_at DESC, invocation_id DESC
        ) <= $whole_runs AS is_whole
    FROM v1.invocations
    WHERE ($since IS NULL OR generated_at >= $since)
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
        AND ($job IS NULL OR job_name = $job)
),

results AS (
    SELECT
        executions.unique_id,
        executions.invocation_id,
        executions.command,
        executions.status,
        executions.status_class,
        executions.failures,
        executions.rows_affected,
        runs.run_number,
        runs.is_whole,
        CAST(round(executions.execution_seconds * 1000) AS BIGINT) AS ms
    FROM v1.node_executions AS executions
    INNER JOIN runs ON runs.invocation_id = executions.invocation_id AND runs.command = executions.command
)

SELECT
    unique_id,
    invocation_id,
    command,
    status,
    status_class,
    failures,
    CASE WHEN is_whole THEN rows_affected END AS rows_affected,
    CASE
        WHEN is_whole OR ms < 1000 THEN ms
        ELSE CAST(round(ms / pow(10, floor(log10(ms)) - 2)) * pow(10, floor(log10(ms)) - 2) AS BIGINT)
    END AS ms
FROM results
ORDER BY unique_id, run_number
