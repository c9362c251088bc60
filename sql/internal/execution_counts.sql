-- How often every node had which class of result, and when last, over all results of commands that execute nodes.
-- grain: project_name, environment, unique_id
--
-- The lower 32 bits of recency are the number of the run: see classified_executions.
CREATE OR REPLACE VIEW internal.execution_counts AS
SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    name,
    CAST(coalesce(sum(result_count) FILTER (WHERE is_executed), 0) AS BIGINT) AS executed_count,
    CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'success'), 0) AS BIGINT) AS success_count,
    CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'warn'), 0) AS BIGINT) AS warn_count,
    CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'failure'), 0) AS BIGINT) AS failure_count,
    CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'skipped'), 0) AS BIGINT) AS skipped_count,
    max(last_completed_at) FILTER (WHERE status_class = 'failure') AS last_failed_at,
    max(last_completed_at) FILTER (WHERE status_class = 'skipped') AS last_skipped_at,
    max(last_completed_at) FILTER (WHERE status_class IN ('success', 'warn')) AS last_success_at,
    max(last_completed_at) FILTER (WHERE is_executed) AS last_executed_at,
    arg_max(status, last_recency) FILTER (WHERE is_executed) AS last_status,
    arg_max(status_class, last_recency) FILTER (WHERE is_executed) AS last_status_class,
    CAST(max(last_recency) FILTER (WHERE is_executed) % 4294967296 AS BIGINT) AS last_run_number,
    CAST(max(last_recency) FILTER (WHERE status_class IN ('success', 'warn')) % 4294967296 AS BIGINT)
        AS last_success_run_number
FROM internal.node_outcomes
GROUP BY project_name, environment, unique_id, resource_type, name;

COMMENT ON VIEW internal.execution_counts IS
    'One row per node with results of commands that execute nodes. Type and name are those in the unique_id.';
