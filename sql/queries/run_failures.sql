-- The failures of one run, freshness checks included: what each of them stopped, since when its node has failed, and
-- what had changed then.
-- parameters: $run, $command
-- grain: unique_id
WITH stopped AS (
    SELECT
        failed_unique_id AS unique_id,
        count(DISTINCT unique_id) AS skipped_count,
        list(DISTINCT unique_id ORDER BY unique_id) AS skipped_unique_ids
    FROM v1.skips
    WHERE invocation_id = $run AND command = $command
    GROUP BY failed_unique_id
),

results AS (
    SELECT
        project_name,
        environment,
        unique_id,
        status,
        message,
        failures,
        execution_seconds,
        coalesce(greatest(compile_completed_at, execute_completed_at), run_generated_at) AS completed_at
    FROM v1.node_executions
    WHERE invocation_id = $run AND command = $command AND status_class = 'failure'
    UNION ALL
    SELECT
        project_name,
        environment,
        unique_id,
        status,
        error,
        NULL,
        execution_seconds,
        -- A check is in no incident of its node.
        NULL
    FROM internal.freshness_checks
    WHERE invocation_id = $run AND command = $command AND status_class = 'failure'
)

SELECT
    results.unique_id,
    results.status,
    results.message,
    results.failures,
    results.execution_seconds,
    coalesce(stopped.skipped_count, 0) AS skipped_count,
    coalesce(stopped.skipped_unique_ids, []) AS skipped_unique_ids,
    incidents.opened_at AS failing_since,
    incidents.first_invocation_id AS failing_since_invocation_id,
    incidents.opening_changed_fields,
    incidents.failing_parent_unique_ids,
    incidents.closed_at
FROM results
LEFT JOIN stopped ON stopped.unique_id = results.unique_id
LEFT JOIN v1.failure_incidents AS incidents
    ON incidents.project_name IS NOT DISTINCT FROM results.project_name
    AND incidents.environment = results.environment
    AND incidents.unique_id = results.unique_id
    AND results.completed_at BETWEEN incidents.opened_at AND incidents.last_failed_at
QUALIFY row_number() OVER (PARTITION BY results.unique_id ORDER BY incidents.opened_at) = 1
ORDER BY skipped_count DESC, results.unique_id
