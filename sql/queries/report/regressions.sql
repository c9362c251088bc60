-- Nodes that became slower than their own past, and what changed with it.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id, materialized, is_full_refresh, began_at
SELECT
    project_name,
    environment,
    unique_id,
    epoch_ms(began_at) AS began_at,
    epoch_ms(ended_at) AS ended_at,
    baseline_seconds,
    regressed_seconds,
    slowdown_ratio,
    array_to_string(changes, ', ') AS changes,
    array_to_string(changed_fields, ', ') AS changed_fields
FROM v1.execution_time_regressions
WHERE is_confirmed
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY began_at DESC, unique_id, project_name, environment
