-- How much time each node cost its runs, over the last 30 runs.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    executed_count,
    critical_count,
    observed_count,
    drag_seconds_sum
FROM v1.node_criticality
WHERE (critical_count > 0 OR observed_count > 0)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
