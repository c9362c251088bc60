-- Every current result with the class of its status.
-- grain: invocation_id, command, unique_id
CREATE OR REPLACE VIEW internal.classified_executions AS
WITH classified AS (
    SELECT
        runs.project_name,
        runs.environment,
        runs.job_name,
        runs.invocation_id,
        runs.command,
        runs.graph_id,
        runs.is_full_refresh,
        runs.generated_at,
        runs.elapsed_seconds,
        runs.is_empty,
        runs.is_sample,
        runs.is_executing AND NOT runs.is_aborted AS is_counted,
        executions.artifact_key,
        executions.unique_id,
        executions.status,
        executions.execution_seconds,
        executions.compile_started_at,
        executions.compile_completed_at,
        executions.execute_started_at,
        executions.execute_completed_at,
        executions.thread_id,
        executions.message,
        executions.failures,
        -- Drivers write -1 for a number that they do not know: https://peps.python.org/pep-0249/#rowcount
        CASE WHEN executions.rows_affected >= 0 THEN executions.rows_affected END AS rows_affected,
        CASE WHEN executions.bytes_processed >= 0 THEN executions.bytes_processed END AS bytes_processed,
        CASE WHEN executions.bytes_billed >= 0 THEN executions.bytes_billed END AS bytes_billed,
        executions.query_id,
        executions.adapter_response,
        executions.relation_name,
        executions.compiled_code_id,
        executions.extra,
        coalesce(
            greatest(executions.compile_completed_at, executions.execute_completed_at), runs.generated_at
        ) AS completed_at,
        runs.run_number,
        -- The class by the word alone. DuckDB looks a map up once a distinct status of a block, a CASE once a row.
        -- A result without a status was compiled, not executed: rule 2.
        coalesce(
            CASE WHEN executions.status IS NULL THEN 'not_executed' END,
            map_from_entries([
                ('success', 'success'),
                ('pass', 'success'),
                ('warn', 'warn'),
                ('error', 'failure'),
                ('fail', 'failure'),
                ('runtime error', 'failure'),
                ('partial success', 'failure'),
                ('skipped', 'skipped'),
                ('no-op', 'not_executed'),
                ('reused', 'not_executed')
            ])[lower(executions.status)],
            'unknown'
        ) AS word_class
    FROM stored.node_executions AS executions
    INNER JOIN internal.current_runs AS runs ON runs.artifact_key = executions.artifact_key
)

SELECT
    classified.project_name,
    classified.environment,
    classified.job_name,
    classified.invocation_id,
    classified.command,
    classified.graph_id,
    classified.is_full_refresh,
    classified.generated_at,
    classified.elapsed_seconds,
    classified.artifact_key,
    classified.unique_id,
    CASE WHEN contains(classified.unique_id, '.') THEN split_part(classified.unique_id, '.', 1) END
        AS resource_type,
    nullif(split_part(classified.unique_id, '.', 2), '') AS package_name,
    CASE
        WHEN NOT contains(classified.unique_id, '.') THEN classified.unique_id
        WHEN split_part(classified.unique_id, '.', 1) IN ('source', 'unit_test')
            THEN split_part(classified.unique_id, '.', 4)
        ELSE split_part(classified.unique_id, '.', 3)
    END AS name,
    classified.status,
    classified.is_counted,
    classified.word_class,
    CASE WHEN classified.is_counted THEN classified.word_class ELSE 'not_executed' END AS status_class,
    classified.is_counted AND classified.word_class IN ('success', 'warn', 'failure') AS is_executed,
    -- Rule 5: a run with --empty or --sample says nothing about times.
    classified.is_counted
    AND classified.word_class IN ('success', 'warn', 'failure')
    AND NOT classified.is_empty
    AND NOT classified.is_sample AS is_timed,
    classified.is_empty,
    classified.is_sample,
    classified.execution_seconds,
    classified.compile_started_at,
    classified.compile_completed_at,
    classified.execute_started_at,
    classified.execute_completed_at,
    classified.completed_at,
    classified.thread_id,
    classified.message,
    classified.failures,
    classified.rows_affected,
    classified.bytes_processed,
    classified.bytes_billed,
    classified.query_id,
    classified.adapter_response,
    classified.relation_name,
    classified.compiled_code_id,
    classified.extra,
    -- The last result has the greatest recency: completed_at first, then the run's number. max() of one number is fast.
    CAST(date_diff('microsecond', TIMESTAMP '0001-01-01', classified.completed_at) AS HUGEINT) * 4294967296
    + classified.run_number AS recency
FROM classified;

COMMENT ON VIEW internal.classified_executions IS
    'One row per current result. The one place that classifies statuses (rule 2, docs/rules.md) and orders results (rule 6).';
