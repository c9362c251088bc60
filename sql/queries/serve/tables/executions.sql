-- The last execution of every node. A status is success, error or skipped; of a test, the word that dbt wrote.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, artifact_key BIGINT, invocation_id VARCHAR, command VARCHAR, project_name VARCHAR, environment VARCHAR, generated_at TIMESTAMP, is_executing BOOLEAN)
-- grain: environment_id, unique_id
SELECT
    environments.environment_id,
    last.unique_id,
    CASE
        WHEN last.is_skipped THEN 'skipped'
        WHEN split_part(last.unique_id, '.', 1) IN ('test', 'unit_test') THEN lower(last.status)
        WHEN last.status_class = 'failure' THEN 'error'
        WHEN last.status_class IN ('success', 'warn') THEN 'success'
    END AS last_run_status,
    lower(last.status) AS last_known_result,
    last.is_skipped AS last_run_skip,
    last.error AS last_run_error,
    last.failures AS last_run_failures,
    last.generated_at AS last_run_generated_at,
    last.generated_at AS run_generated_at,
    runs.run_id AS last_run_id,
    runs.job_id AS last_job_definition_id,
    success_runs.run_id AS last_success_run_id,
    success_runs.job_id AS last_success_job_definition_id,
    executions.compile_started_at,
    executions.compile_completed_at,
    executions.execute_started_at,
    executions.execute_completed_at,
    last.execution_seconds AS execution_time,
    executions.run_elapsed_seconds AS run_elapsed_time
FROM internal.last_executions AS last
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM last.project_name
    AND environments.environment = last.environment
LEFT JOIN runs ON runs.invocation_id = last.invocation_id AND runs.command = last.command
LEFT JOIN v1.node_executions AS executions
    ON executions.invocation_id = last.invocation_id
    AND executions.command = last.command
    AND executions.unique_id = last.unique_id
LEFT JOIN runs AS success_runs
    ON success_runs.invocation_id = last.last_success_invocation_id
    AND success_runs.is_executing
-- An invocation may have executed several commands.
QUALIFY row_number() OVER (
    PARTITION BY environments.environment_id, last.unique_id ORDER BY success_runs.generated_at DESC
) = 1
