-- What was executed for nothing.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    reason,
    executed_count,
    judged_count,
    wasted_count,
    wasted_seconds,
    execution_seconds_sum,
    epoch_ms(last_wasted_at) AS last_wasted_at
FROM v1.materialization_waste
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY wasted_seconds DESC, unique_id, project_name, environment
