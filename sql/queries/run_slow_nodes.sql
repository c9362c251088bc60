-- The nodes that were slower in one run than their own past: since when, and what changed then.
-- parameters: $run, $command
-- grain: unique_id
WITH results AS (
    SELECT
        *,
        coalesce(greatest(compile_completed_at, execute_completed_at), run_generated_at) AS completed_at
    FROM v1.node_executions
    WHERE invocation_id = $run AND command = $command AND is_executed AND status_class IN ('success', 'warn')
)

SELECT
    slow.unique_id,
    results.execution_seconds,
    slow.baseline_seconds,
    results.execution_seconds / nullif(slow.baseline_seconds, 0) AS slowdown_ratio,
    slow.began_at,
    slow.invocation_id AS began_invocation_id,
    slow.changes,
    slow.changed_fields,
    slow.dbt_version,
    slow.previous_dbt_version,
    slow.threads,
    slow.previous_threads
FROM results
INNER JOIN v1.execution_time_regressions AS slow
    ON slow.project_name IS NOT DISTINCT FROM results.project_name
    AND slow.environment = results.environment
    AND slow.unique_id = results.unique_id
    AND (slow.materialized = results.materialized OR results.materialized IS NULL OR slow.materialized IS NULL)
    AND slow.is_full_refresh = coalesce(results.is_full_refresh, FALSE)
WHERE results.execution_seconds > slow.limit_seconds
    AND results.completed_at >= slow.began_at
    AND coalesce(results.completed_at < slow.ended_at, TRUE)
QUALIFY row_number() OVER (PARTITION BY slow.unique_id ORDER BY slow.began_at DESC) = 1
ORDER BY results.execution_seconds - slow.baseline_seconds DESC, slow.unique_id
