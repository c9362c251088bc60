-- Status, duration and message of the last executed result of every node; node_outcomes has the counts.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.last_executions AS
SELECT
    counts.project_name,
    counts.environment,
    counts.unique_id,
    counts.resource_type,
    counts.name,
    counts.executed_count,
    counts.warn_count,
    counts.failure_count,
    counts.last_failed_at,
    coalesce(runs.invocation_id, pruned.invocation_id) AS invocation_id,
    coalesce(runs.command, pruned.command) AS command,
    coalesce(runs.generated_at, pruned.generated_at) AS generated_at,
    counts.last_status AS status,
    counts.last_status_class AS status_class,
    coalesce(executions.execution_seconds, pruned.last_execution_seconds) AS execution_seconds,
    coalesce(executions.failures, pruned.last_failures) AS failures,
    CASE WHEN counts.last_status_class = 'failure' THEN coalesce(executions.message, pruned.last_message) END AS error,
    counts.last_executed_at AS completed_at,
    counts.last_success_at,
    coalesce(success_runs.invocation_id, pruned_success.invocation_id) AS last_success_invocation_id,
    coalesce(counts.last_status_class = 'failure', FALSE) AS is_failing,
    coalesce(counts.last_skipped_at > coalesce(counts.last_executed_at, TIMESTAMP '0001-01-01'), FALSE) AS is_skipped
FROM internal.execution_counts AS counts
LEFT JOIN internal.current_runs AS runs ON runs.run_number = counts.last_run_number
LEFT JOIN stored.node_executions AS executions
    ON executions.artifact_key = runs.artifact_key
    AND executions.unique_id = counts.unique_id
LEFT JOIN internal.current_runs AS success_runs ON success_runs.run_number = counts.last_success_run_number
LEFT JOIN internal.pruned_outcomes AS pruned
    ON pruned.run_number = counts.last_run_number
    AND pruned.unique_id = counts.unique_id
LEFT JOIN internal.pruned_outcomes AS pruned_success
    ON pruned_success.run_number = counts.last_success_run_number
    AND pruned_success.unique_id = counts.unique_id
-- Each node has one row without this too. But a window keeps these joins together: mixed with those of a view that
-- reads this one, DuckDB may guess wrong and build a hash table of all executions instead of the last ones.
QUALIFY row_number() OVER (PARTITION BY counts.project_name, counts.environment, counts.unique_id) = 1;

COMMENT ON VIEW internal.last_executions IS
    'One row per node with results of commands that execute nodes; without a status where none of them was executed.';
