-- How long each node takes.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    execution_count,
    execution_seconds_median,
    execution_seconds_p95,
    execution_seconds_sum,
    last_execution_seconds,
    failed_execution_count
FROM v1.node_execution_times
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
