-- Every run: those with a run_results, and those of `dbt source freshness` that are known by their checks alone.
-- grain: invocation_id, command
--
-- A view about results of nodes reads current_runs.
CREATE OR REPLACE VIEW internal.all_runs AS
WITH runs AS (
    SELECT
        artifact_key,
        invocation_id,
        command,
        project_name,
        environment,
        job_name,
        dbt_version,
        adapter_type,
        target_name,
        generated_at,
        started_at,
        first_started_at,
        last_completed_at,
        elapsed_seconds,
        threads,
        is_full_refresh,
        is_retry,
        is_aborted,
        is_executing,
        invocation_command,
        selection,
        args,
        vars,
        env,
        is_empty,
        is_sample
    FROM internal.current_runs
    UNION ALL
    SELECT
        checks.artifact_key,
        checks.invocation_id,
        checks.command,
        checks.project_name,
        checks.environment,
        checks.job_name,
        checks.dbt_version,
        checks.adapter_type,
        checks.target_name,
        checks.generated_at,
        checks.started_at,
        checks.first_started_at,
        checks.last_completed_at,
        checks.elapsed_seconds,
        checks.threads,
        checks.is_full_refresh,
        checks.is_retry,
        checks.is_aborted,
        checks.is_executing,
        checks.invocation_command,
        checks.selection,
        checks.args,
        checks.vars,
        checks.env,
        checks.is_empty,
        checks.is_sample
    FROM internal.freshness_runs AS checks
    LEFT JOIN internal.current_runs AS runs
        ON runs.invocation_id = checks.invocation_id
        AND runs.command = checks.command
    WHERE runs.artifact_key IS NULL
)

SELECT
    *,
    row_number() OVER (
        ORDER BY generated_at ASC NULLS FIRST, invocation_id ASC NULLS FIRST, command ASC NULLS FIRST
    ) AS run_number
FROM runs;

COMMENT ON VIEW internal.all_runs IS 'One row per run, numbered by time.';
