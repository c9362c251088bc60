-- Every streak of failures of every node: when it began and ended, and what changed at both ends.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id, opened_at
SELECT
    project_name,
    environment,
    unique_id,
    epoch_ms(opened_at) AS opened_at,
    epoch_ms(closed_at) AS closed_at,
    epoch_ms(last_failed_at) AS last_failed_at,
    is_open,
    recovery_seconds,
    failure_count,
    is_parent_failing,
    array_to_string(opening_changed_fields, ', ') AS opening_changed_fields,
    array_to_string(closing_changed_fields, ', ') AS closing_changed_fields,
    first_invocation_id,
    first_command,
    closing_invocation_id,
    closing_command
FROM v1.failure_incidents
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY opened_at DESC, unique_id, project_name, environment
