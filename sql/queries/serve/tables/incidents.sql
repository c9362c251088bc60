-- Every streak of failures of every node, with the runs at both ends.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), runs (run_id BIGINT, invocation_id VARCHAR, command VARCHAR)
-- grain: environment_id, unique_id, opened_at
SELECT
    environments.environment_id,
    incidents.unique_id,
    incidents.resource_type,
    incidents.opened_at,
    incidents.last_failed_at,
    incidents.closed_at,
    incidents.is_open,
    incidents.recovery_seconds AS recovery_time,
    incidents.failure_count,
    incidents.missed_run_count,
    first_runs.run_id AS first_run_id,
    last_runs.run_id AS last_run_id,
    closing_runs.run_id AS closing_run_id,
    incidents.is_opened_with_change,
    incidents.opening_changed_fields,
    incidents.is_closed_with_change,
    incidents.closing_changed_fields,
    incidents.failing_parent_unique_ids AS failing_parent_ids,
    strftime(incidents.opened_at, '%Y%m%dT%H%M%S.%f') || ' ' || incidents.unique_id AS pagination_cursor
FROM v1.failure_incidents AS incidents
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM incidents.project_name
    AND environments.environment = incidents.environment
LEFT JOIN runs AS first_runs
    ON first_runs.invocation_id = incidents.first_invocation_id
    AND first_runs.command = incidents.first_command
LEFT JOIN runs AS last_runs
    ON last_runs.invocation_id = incidents.last_invocation_id
    AND last_runs.command = incidents.last_command
LEFT JOIN runs AS closing_runs
    ON closing_runs.invocation_id = incidents.closing_invocation_id
    AND closing_runs.command = incidents.closing_command
ORDER BY environments.environment_id, incidents.opened_at DESC, incidents.unique_id
