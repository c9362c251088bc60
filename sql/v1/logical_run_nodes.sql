-- The final result of every node in every logical run, after all retries and steps.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.logical_run_nodes AS
WITH runs AS MATERIALIZED (
    SELECT artifact_key, invocation_id, command, project_name, environment, job_name
    FROM internal.all_runs
),

members AS MATERIALIZED (
    SELECT artifact_key, logical_artifact_key, invocation_count
    FROM internal.logical_run_members
),

results AS (
    SELECT
        members.logical_artifact_key,
        members.invocation_count,
        executions.artifact_key,
        executions.unique_id,
        executions.status,
        executions.status_class,
        executions.is_executed,
        executions.completed_at,
        coalesce(executions.recency, 0) AS recency,
        -- Adding 2^100, which is more than any recency, puts executed results after all others.
        coalesce(executions.recency, 0)
        + CASE WHEN executions.is_executed THEN CAST(1267650600228229401496703205376 AS HUGEINT) ELSE 0 END AS place
    FROM internal.classified_executions AS executions
    INNER JOIN members ON members.artifact_key = executions.artifact_key
    WHERE executions.is_counted
),

-- Most logical runs have one invocation, with one result for each node: only the others need grouping.
final AS (
    SELECT
        logical_artifact_key,
        unique_id,
        artifact_key,
        status,
        status_class,
        completed_at,
        CAST(1 AS BIGINT) AS result_count,
        CAST(CASE WHEN is_executed THEN 1 ELSE 0 END AS BIGINT) AS executed_count,
        CAST(CASE WHEN status_class = 'failure' THEN 1 ELSE 0 END AS BIGINT) AS failure_count,
        status AS first_status,
        FALSE AS is_recovered
    FROM results
    WHERE invocation_count = 1
    UNION ALL
    SELECT
        logical_artifact_key,
        unique_id,
        arg_max(artifact_key, place) AS artifact_key,
        arg_max_null(status, place) AS status,
        arg_max(status_class, place) AS status_class,
        arg_max_null(completed_at, place) AS completed_at,
        count(*) AS result_count,
        count(*) FILTER (WHERE is_executed) AS executed_count,
        count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
        arg_min_null(status, recency) AS first_status,
        arg_max(status_class, place) IN ('success', 'warn')
        AND bool_or(status_class IN ('failure', 'skipped')) AS is_recovered
    FROM results
    WHERE invocation_count > 1
    GROUP BY logical_artifact_key, unique_id
)

SELECT
    runs.invocation_id,
    runs.command,
    final.unique_id,
    runs.project_name,
    runs.environment,
    runs.job_name,
    split_part(final.unique_id, '.', 1) AS resource_type,
    final.status,
    final.status_class,
    final.completed_at,
    final_runs.invocation_id AS last_invocation_id,
    final_runs.command AS last_command,
    final.first_status,
    final.result_count,
    final.executed_count,
    final.failure_count,
    final.is_recovered
FROM final
INNER JOIN runs ON runs.artifact_key = final.logical_artifact_key
INNER JOIN runs AS final_runs ON final_runs.artifact_key = final.artifact_key;

COMMENT ON VIEW v1.logical_run_nodes IS 'One row per logical run (v1.logical_runs) and node with a result in it. The final result is the last executed one; of a node that was never executed, the last one. Results of an aborted invocation are left out.';
COMMENT ON COLUMN v1.logical_run_nodes.invocation_id IS 'The first invocation of the logical run.';
COMMENT ON COLUMN v1.logical_run_nodes.command IS 'The command of the first invocation.';
COMMENT ON COLUMN v1.logical_run_nodes.status IS 'dbt''s status of the final result.';
COMMENT ON COLUMN v1.logical_run_nodes.status_class IS 'The class of the final result: success, warn, failure, skipped, not_executed or unknown.';
COMMENT ON COLUMN v1.logical_run_nodes.completed_at IS 'When the final result was completed, UTC.';
COMMENT ON COLUMN v1.logical_run_nodes.last_invocation_id IS 'The invocation of the final result.';
COMMENT ON COLUMN v1.logical_run_nodes.last_command IS 'The command of the invocation of the final result.';
COMMENT ON COLUMN v1.logical_run_nodes.first_status IS 'dbt''s status of the earliest result in the logical run.';
COMMENT ON COLUMN v1.logical_run_nodes.result_count IS 'How many results it has in the logical run, executed or not.';
COMMENT ON COLUMN v1.logical_run_nodes.executed_count IS 'How many of these results were executed.';
COMMENT ON COLUMN v1.logical_run_nodes.failure_count IS 'How many of these results are of class failure.';
COMMENT ON COLUMN v1.logical_run_nodes.is_recovered IS 'Whether it failed or was skipped in the logical run, and its final result is of class success or warn.';
