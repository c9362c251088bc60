-- Every result of a node and of its tests in runs that execute nodes. Rule 5, docs/rules.md, says which times count.
-- parameters: $unique_id, $project, $environment
-- grain: invocation_id, command, unique_id
WITH shown AS (
    SELECT CAST($unique_id AS VARCHAR) AS unique_id, NULL AS label
    UNION ALL
    SELECT unique_id, CASE WHEN column_name <> '' THEN concat_ws(' ', test_name, column_name) ELSE name END AS label
    FROM v1.tests
    WHERE tested_unique_id = $unique_id AND project_name IS NOT DISTINCT FROM $project AND environment = $environment
)

SELECT
    shown.unique_id,
    shown.label,
    runs.invocation_id,
    runs.command,
    coalesce(runs.started_at, runs.generated_at) AS happened_at,
    results.status,
    results.status_class,
    CASE
        WHEN results.status_class IN ('success', 'warn') AND runs.is_empty IS NOT TRUE AND runs.is_sample IS NOT TRUE
            THEN results.execution_seconds
    END AS execution_seconds
FROM v1.node_executions AS results
INNER JOIN shown ON shown.unique_id = results.unique_id
INNER JOIN v1.invocations AS runs ON runs.invocation_id = results.invocation_id AND runs.command = results.command
WHERE results.project_name IS NOT DISTINCT FROM $project
    AND results.environment = $environment
    AND runs.is_executing
    AND results.status_class <> 'not_executed'
ORDER BY shown.label NULLS FIRST, shown.unique_id, happened_at, runs.invocation_id, runs.command
