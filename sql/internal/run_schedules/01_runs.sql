-- The runs that are asked for, and what they executed.
-- reads: internal.current_runs, internal.classified_executions
-- gives: runs [run], results [artifact_key, unique_id]

latest_runs AS (
    SELECT
        artifact_key,
        invocation_id,
        graph_id,
        -- Which edges hold: 0 the edges of the graph; 1 those of `dbt build` too; 2 those of dbt 2.0's build; NULL
        -- none.
        CASE
            WHEN command = 'clone' THEN NULL
            WHEN command <> 'build' THEN 0
            WHEN try_cast(split_part(dbt_version, '.', 1) AS INTEGER) >= 2 THEN 2
            ELSE 1
        END AS rule,
        row_number() OVER (PARTITION BY project_name, environment ORDER BY run_number DESC) AS age
    FROM internal.current_runs
    WHERE is_executing AND NOT is_aborted
),

runs AS (
    SELECT artifact_key, graph_id, rule, row_number() OVER (ORDER BY artifact_key ASC) AS run
    FROM latest_runs
    WHERE (of_invocations IS NULL OR list_contains(of_invocations, invocation_id)) AND (last_runs IS NULL OR age <= last_runs)
),

-- Hooks come before or after all nodes and are in no graph.
results AS (
    SELECT
        runs.run,
        executions.artifact_key,
        executions.unique_id,
        executions.resource_type,
        executions.resource_type IS DISTINCT FROM 'operation' AS is_node,
        executions.thread_id,
        CASE WHEN executions.execution_seconds BETWEEN 0 AND 1e7 THEN executions.execution_seconds END AS seconds,
        least(executions.compile_started_at, executions.execute_started_at) AS started_at,
        greatest(executions.compile_completed_at, executions.execute_completed_at) AS completed_at,
        executions.compile_started_at,
        executions.compile_completed_at,
        executions.execute_started_at,
        executions.execute_completed_at,
        executions.status
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE executions.is_executed
),
