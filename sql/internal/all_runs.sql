-- Every run: those of current_runs, and those of `dbt source freshness` that are known by their checks, once each.
-- grain: invocation_id, command
--
-- Not portable: `json_merge_patch`.
-- The counts are those of the checks, NULL where there are none. A view about results of nodes reads current_runs.
CREATE OR REPLACE VIEW internal.all_runs AS
WITH runs AS (
    SELECT
        coalesce(runs.artifact_key, checks.artifact_key) AS artifact_key,
        coalesce(runs.invocation_id, checks.invocation_id) AS invocation_id,
        coalesce(runs.command, checks.command) AS command,
        coalesce(runs.project_name, checks.project_name) AS project_name,
        coalesce(runs.environment, checks.environment) AS environment,
        coalesce(runs.job_name, checks.job_name) AS job_name,
        coalesce(runs.dbt_version, checks.dbt_version) AS dbt_version,
        coalesce(runs.adapter_type, checks.adapter_type) AS adapter_type,
        coalesce(runs.target_name, checks.target_name) AS target_name,
        coalesce(runs.generated_at, checks.generated_at) AS generated_at,
        coalesce(runs.started_at, checks.started_at) AS started_at,
        coalesce(runs.first_started_at, checks.first_started_at) AS first_started_at,
        coalesce(runs.last_completed_at, checks.last_completed_at) AS last_completed_at,
        coalesce(runs.elapsed_seconds, checks.elapsed_seconds) AS elapsed_seconds,
        coalesce(runs.threads, checks.threads) AS threads,
        coalesce(runs.is_full_refresh, checks.is_full_refresh) AS is_full_refresh,
        coalesce(runs.is_retry, checks.is_retry) AS is_retry,
        -- What failed as a whole by its scheduler's word alone has results where there are checks.
        CASE WHEN runs.has_results THEN runs.is_aborted ELSE coalesce(checks.is_aborted, runs.is_aborted) END AS is_aborted,
        runs.outcome = 'success' AND NOT runs.has_results AND checks.artifact_key IS NULL AS is_success_told,
        -- Of dbt that was interrupted, the nodes that had ended may all be good.
        coalesce(runs.outcome IN ('error', 'unfinished'), FALSE) AS is_failure_told,
        coalesce(runs.is_executing, checks.is_executing) AS is_executing,
        coalesce(runs.invocation_command, checks.invocation_command) AS invocation_command,
        coalesce(runs.selection, checks.selection) AS selection,
        coalesce(runs.args, checks.args) AS args,
        coalesce(runs.vars, checks.vars) AS vars,
        CASE WHEN runs.env IS NULL THEN checks.env ELSE json_merge_patch(runs.env, coalesce(checks.env, '{}')) END AS env,
        runs.outcome,
        runs.completed_at,
        runs.extra,
        coalesce(runs.is_empty, checks.is_empty) AS is_empty,
        coalesce(runs.is_sample, checks.is_sample) AS is_sample,
        checks.result_count,
        checks.executed_count,
        checks.success_count,
        checks.warn_count,
        checks.failure_count,
        checks.skipped_count
    FROM internal.current_runs AS runs
    FULL JOIN internal.freshness_runs AS checks
        ON checks.invocation_id = runs.invocation_id
        AND checks.command = runs.command
)

SELECT
    *,
    row_number() OVER (
        ORDER BY generated_at ASC NULLS FIRST, invocation_id ASC NULLS FIRST, command ASC NULLS FIRST
    ) AS run_number
FROM runs;

COMMENT ON VIEW internal.all_runs IS 'One row per run, numbered by time.';
