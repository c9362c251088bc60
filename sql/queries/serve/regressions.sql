-- Nodes that take longer than they did: since when, how much longer, and what changed then. The greatest loss comes first.
-- parameters: $project, $environment, $limit, $offset
-- grain: project_name, environment, unique_id, materialized, is_full_refresh, began_at
SELECT
    unique_id,
    began_at,
    is_confirmed,
    baseline_seconds,
    regressed_seconds,
    slowdown_ratio,
    execution_count,
    last_execution_seconds,
    changes,
    changed_fields,
    invocation_id
FROM v1.execution_time_regressions
WHERE project_name IS NOT DISTINCT FROM $project AND environment = $environment AND ended_at IS NULL
ORDER BY regressed_seconds - baseline_seconds DESC, unique_id
LIMIT $limit OFFSET $offset
