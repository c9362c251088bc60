-- Every invocation, known by a run_results, a run or freshness checks, with its outcome.
-- grain: invocation_id, command
CREATE OR REPLACE VIEW internal.described_invocations AS
WITH counts AS (
    SELECT
        artifact_key,
        count(*) AS result_count,
        count(*) FILTER (WHERE is_executed) AS executed_count,
        count(*) FILTER (WHERE status_class = 'success') AS success_count,
        count(*) FILTER (WHERE status_class = 'warn') AS warn_count,
        count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
        count(*) FILTER (WHERE status_class = 'skipped') AS skipped_count
    FROM internal.classified_executions
    GROUP BY artifact_key
)

SELECT
    runs.artifact_key,
    runs.invocation_id,
    runs.command,
    runs.project_name,
    runs.environment,
    runs.job_name,
    runs.dbt_version,
    runs.adapter_type,
    runs.target_name,
    runs.generated_at,
    runs.started_at,
    greatest(runs.last_completed_at, runs.generated_at, runs.completed_at) AS completed_at,
    runs.elapsed_seconds,
    CAST(date_diff('microsecond', runs.first_started_at, runs.last_completed_at) / 1000000.0 AS DOUBLE)
        AS span_seconds,
    runs.threads,
    runs.is_full_refresh,
    runs.is_retry,
    runs.is_aborted,
    runs.is_executing,
    CASE
        WHEN NOT runs.is_executing THEN NULL
        WHEN runs.is_aborted OR runs.is_failure_told THEN FALSE
        WHEN coalesce(runs.executed_count, 0) + coalesce(counts.executed_count, 0) > 0
            THEN coalesce(runs.failure_count, 0) + coalesce(counts.failure_count, 0) = 0
        WHEN runs.is_success_told THEN TRUE
    END AS is_success,
    CAST(coalesce(runs.result_count, counts.result_count, 0) AS BIGINT) AS result_count,
    CAST(coalesce(runs.executed_count, counts.executed_count, 0) AS BIGINT) AS executed_count,
    CAST(coalesce(runs.success_count, counts.success_count, 0) AS BIGINT) AS success_count,
    CAST(coalesce(runs.warn_count, counts.warn_count, 0) AS BIGINT) AS warn_count,
    CAST(coalesce(runs.failure_count, counts.failure_count, 0) AS BIGINT) AS failure_count,
    CAST(coalesce(runs.skipped_count, counts.skipped_count, 0) AS BIGINT) AS skipped_count,
    runs.invocation_command,
    runs.selection,
    runs.args,
    runs.vars,
    runs.env,
    coalesce(
        runs.env ->> 'GIT_SHA',
        runs.env ->> 'DBT_CLOUD_GIT_SHA',
        runs.env ->> 'GITHUB_SHA',
        runs.env ->> 'CI_COMMIT_SHA',
        runs.env ->> 'COMMIT_SHA'
    ) AS git_sha,
    coalesce(
        runs.env ->> 'GIT_BRANCH',
        runs.env ->> 'DBT_CLOUD_GIT_BRANCH',
        runs.env ->> 'GITHUB_REF_NAME',
        runs.env ->> 'CI_COMMIT_BRANCH',
        runs.env ->> 'BRANCH_NAME'
    ) AS git_branch,
    runs.env ->> 'DBT_CLOUD_PROJECT_ID' AS dbt_cloud_project_id,
    runs.env ->> 'DBT_CLOUD_ENVIRONMENT_ID' AS dbt_cloud_environment_id,
    runs.env ->> 'DBT_CLOUD_JOB_ID' AS dbt_cloud_job_id,
    runs.env ->> 'DBT_CLOUD_RUN_ID' AS dbt_cloud_run_id,
    runs.env ->> 'DBT_CLOUD_RUN_REASON' AS dbt_cloud_run_reason,
    runs.env ->> 'DBT_CLOUD_RUN_REASON_CATEGORY' AS dbt_cloud_run_reason_category,
    runs.is_empty,
    runs.is_sample,
    runs.outcome,
    runs.env ->> 'DBT_CLOUD_ACCOUNT_ID' AS dbt_cloud_account_id,
    runs.extra -> 'run' -> 'project' ->> 'name' AS dbt_cloud_project_name,
    runs.extra -> 'run' -> 'environment' ->> 'name' AS dbt_cloud_environment_name,
    runs.extra -> 'run' -> 'job' ->> 'name' AS dbt_cloud_job_name,
    runs.extra
FROM internal.all_runs AS runs
LEFT JOIN counts ON counts.artifact_key = runs.artifact_key;

COMMENT ON VIEW internal.described_invocations IS
    'One row per invocation and command. Where there are freshness checks, they are its results.';
