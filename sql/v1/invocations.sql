-- Every invocation of dbt that wrote results: when, how long, with what outcome.
-- grain: invocation_id, command
-- since: 0.1
CREATE OR REPLACE VIEW v1.invocations AS
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
    greatest(runs.last_completed_at, runs.generated_at) AS completed_at,
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
        WHEN runs.is_aborted THEN FALSE
        WHEN counts.executed_count > 0 THEN counts.failure_count = 0
    END AS is_success,
    CAST(coalesce(counts.result_count, 0) AS BIGINT) AS result_count,
    CAST(coalesce(counts.executed_count, 0) AS BIGINT) AS executed_count,
    CAST(coalesce(counts.success_count, 0) AS BIGINT) AS success_count,
    CAST(coalesce(counts.warn_count, 0) AS BIGINT) AS warn_count,
    CAST(coalesce(counts.failure_count, 0) AS BIGINT) AS failure_count,
    CAST(coalesce(counts.skipped_count, 0) AS BIGINT) AS skipped_count,
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
    runs.is_sample
FROM internal.current_runs AS runs
LEFT JOIN counts ON counts.artifact_key = runs.artifact_key;

COMMENT ON VIEW v1.invocations IS 'One row per invocation and command that wrote a run_results.';
COMMENT ON COLUMN v1.invocations.invocation_id IS 'dbt''s id; derived from the content for dbt up to 0.18 (rule 9, docs/rules.md).';
COMMENT ON COLUMN v1.invocations.command IS 'args.which, else args.rpc_method, else unknown; for a retry, the command that it retries (rule 3, docs/rules.md).';
COMMENT ON COLUMN v1.invocations.dbt_version IS 'The version of dbt.';
COMMENT ON COLUMN v1.invocations.target_name IS 'args.target; NULL when the profile''s default was taken.';
COMMENT ON COLUMN v1.invocations.generated_at IS 'When the run_results was written, UTC.';
COMMENT ON COLUMN v1.invocations.started_at IS 'When dbt started, UTC; before dbt 1.10, when its first node started.';
COMMENT ON COLUMN v1.invocations.completed_at IS 'When the last node was done or the results were written, whichever is later, UTC.';
COMMENT ON COLUMN v1.invocations.elapsed_seconds IS 'dbt''s elapsed_time; in dbt 2.0 the sum of the nodes'' times.';
COMMENT ON COLUMN v1.invocations.span_seconds IS 'The seconds from the first start to the last completion in the timings.';
COMMENT ON COLUMN v1.invocations.threads IS 'args.threads, else the number of threads that the results name.';
COMMENT ON COLUMN v1.invocations.is_full_refresh IS 'Whether it was a full refresh; NULL when args are missing.';
COMMENT ON COLUMN v1.invocations.is_retry IS 'Whether it was a dbt retry.';
COMMENT ON COLUMN v1.invocations.is_aborted IS 'Whether dbt 2.0 aborted it as a whole and wrote every node as an error.';
COMMENT ON COLUMN v1.invocations.is_executing IS 'Whether the command executes nodes (rule 3, docs/rules.md). The results of compile, docs generate and the like are in no rate and no time.';
COMMENT ON COLUMN v1.invocations.is_success IS 'Whether at least one node was executed and none failed; NULL when none was executed.';
COMMENT ON COLUMN v1.invocations.result_count IS 'How many results there are.';
COMMENT ON COLUMN v1.invocations.executed_count IS 'How many results are of class success, warn or failure.';
COMMENT ON COLUMN v1.invocations.success_count IS 'How many results are of class success.';
COMMENT ON COLUMN v1.invocations.warn_count IS 'How many results are of class warn.';
COMMENT ON COLUMN v1.invocations.failure_count IS 'How many results are of class failure.';
COMMENT ON COLUMN v1.invocations.skipped_count IS 'How many results are of class skipped.';
COMMENT ON COLUMN v1.invocations.invocation_command IS 'The command line, from dbt 1.6.';
COMMENT ON COLUMN v1.invocations.selection IS 'What was selected and excluded, as options.';
COMMENT ON COLUMN v1.invocations.args IS 'args, complete.';
COMMENT ON COLUMN v1.invocations.vars IS 'args.vars; with dbt up to 1.4 it may be a text.';
COMMENT ON COLUMN v1.invocations.env IS 'metadata.env: the variables DBT_ENV_CUSTOM_ENV_*, without that prefix.';
COMMENT ON COLUMN v1.invocations.git_sha IS 'env GIT_SHA, DBT_CLOUD_GIT_SHA, GITHUB_SHA, CI_COMMIT_SHA or COMMIT_SHA.';
COMMENT ON COLUMN v1.invocations.git_branch IS 'env GIT_BRANCH, DBT_CLOUD_GIT_BRANCH, GITHUB_REF_NAME, CI_COMMIT_BRANCH or BRANCH_NAME.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_project_id IS 'env DBT_CLOUD_PROJECT_ID.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_environment_id IS 'env DBT_CLOUD_ENVIRONMENT_ID.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_job_id IS 'env DBT_CLOUD_JOB_ID.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_run_id IS 'env DBT_CLOUD_RUN_ID.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_run_reason IS 'env DBT_CLOUD_RUN_REASON.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_run_reason_category IS 'env DBT_CLOUD_RUN_REASON_CATEGORY.';
COMMENT ON COLUMN v1.invocations.is_empty IS 'Whether it read no rows (--empty): it counts in success rates, and in no time or cost (rule 5, docs/rules.md).';
COMMENT ON COLUMN v1.invocations.is_sample IS 'Whether it read a sample (--sample): it counts in success rates, and in no time or cost (rule 5, docs/rules.md).';
