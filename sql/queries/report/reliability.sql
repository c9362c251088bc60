-- How reliable each node is that has failed.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    executed_count,
    failure_count,
    incident_count,
    mean_time_between_failures_seconds,
    mean_time_to_recovery_seconds,
    failed_time_rate
FROM v1.reliability
WHERE failure_count > 0
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
