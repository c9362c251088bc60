-- The incidents that are open, and those that opened or closed since a time: with both of their runs, whether nothing
-- explains the recovery, and whether the node has left the project.
-- parameters: $since
-- grain: project_name, environment, unique_id, opened_at
WITH flips AS (
    SELECT project_name, environment, unique_id, recovered_at
    FROM v1.test_recoveries
    WHERE is_flip AND recovered_at >= $since
),

places AS (
    SELECT DISTINCT project_name, environment
    FROM v1.nodes
)

SELECT
    incidents.project_name,
    incidents.environment,
    incidents.unique_id,
    incidents.opened_at,
    incidents.last_failed_at,
    incidents.closed_at,
    incidents.failure_count,
    incidents.first_invocation_id,
    incidents.first_command,
    incidents.last_invocation_id,
    incidents.last_command,
    incidents.closing_invocation_id,
    incidents.closing_command,
    incidents.opening_changed_fields,
    incidents.closing_changed_fields,
    incidents.failing_parent_unique_ids,
    opening.job_name AS opening_job_name,
    opening.git_sha AS opening_git_sha,
    opening.started_at AS opening_started_at,
    closing.job_name AS closing_job_name,
    closing.git_sha AS closing_git_sha,
    closing.started_at AS closing_started_at,
    flips.recovered_at IS NOT NULL AS is_flip,
    places.environment IS NOT NULL AND NOT coalesce(nodes.is_enabled, FALSE) AS is_gone
FROM v1.failure_incidents AS incidents
LEFT JOIN v1.invocations AS opening
    ON opening.invocation_id = incidents.first_invocation_id
    AND opening.command = incidents.first_command
LEFT JOIN v1.invocations AS closing
    ON closing.invocation_id = incidents.closing_invocation_id
    AND closing.command = incidents.closing_command
LEFT JOIN flips
    ON flips.project_name IS NOT DISTINCT FROM incidents.project_name
    AND flips.environment = incidents.environment
    AND flips.unique_id = incidents.unique_id
    AND flips.recovered_at = incidents.closed_at
LEFT JOIN places
    ON places.project_name IS NOT DISTINCT FROM incidents.project_name
    AND places.environment = incidents.environment
LEFT JOIN v1.nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM incidents.project_name
    AND nodes.environment = incidents.environment
    AND nodes.unique_id = incidents.unique_id
WHERE incidents.is_open OR incidents.opened_at >= $since OR incidents.closed_at >= $since
ORDER BY incidents.opened_at ASC, incidents.project_name ASC, incidents.environment ASC, incidents.unique_id ASC
