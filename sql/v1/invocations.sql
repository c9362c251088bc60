-- Every invocation of dbt that wrote results or freshness checks, or that a scheduler told of: when, how long, with what outcome.
-- grain: invocation_id, command
-- since: 0.1
CREATE OR REPLACE VIEW v1.invocations AS
SELECT
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
    completed_at,
    elapsed_seconds,
    span_seconds,
    threads,
    is_full_refresh,
    is_retry,
    is_aborted,
    is_executing,
    is_success,
    result_count,
    executed_count,
    success_count,
    warn_count,
    failure_count,
    skipped_count,
    invocation_command,
    selection,
    args,
    vars,
    env,
    git_sha,
    git_branch,
    dbt_cloud_project_id,
    dbt_cloud_environment_id,
    dbt_cloud_job_id,
    dbt_cloud_run_id,
    dbt_cloud_run_reason,
    dbt_cloud_run_reason_category,
    is_empty,
    is_sample,
    outcome,
    dbt_cloud_account_id,
    dbt_cloud_project_name,
    dbt_cloud_environment_name,
    dbt_cloud_job_name,
    extra
FROM internal.described_invocations;

COMMENT ON VIEW v1.invocations IS 'One row per invocation and command that wrote a run_results, a sources.json or a freshness.json, or that a scheduler told of.';
COMMENT ON COLUMN v1.invocations.invocation_id IS 'dbt''s id; derived from the content for dbt up to 0.18; with .2, .3 where a process gave it to several runs (rule 9, docs/rules.md).';
COMMENT ON COLUMN v1.invocations.command IS 'args.which, else args.rpc_method, else unknown; for a retry, the command that it retries; source freshness where it is known by its checks (rule 3, docs/rules.md).';
COMMENT ON COLUMN v1.invocations.dbt_version IS 'The version of dbt.';
COMMENT ON COLUMN v1.invocations.target_name IS 'args.target; NULL when the profile''s default was taken.';
COMMENT ON COLUMN v1.invocations.generated_at IS 'When the run_results, else the sources.json or freshness.json, was written, UTC; where dbt wrote none of them, when its scheduler saw it end.';
COMMENT ON COLUMN v1.invocations.started_at IS 'When dbt started, UTC; before dbt 1.10, when its first node started, unless its scheduler or its telemetry tells.';
COMMENT ON COLUMN v1.invocations.completed_at IS 'When the last node was done, the results were written, or the scheduler saw it end, whichever is latest, UTC.';
COMMENT ON COLUMN v1.invocations.elapsed_seconds IS 'dbt''s elapsed_time; in dbt 2.0 the sum of the nodes'' times.';
COMMENT ON COLUMN v1.invocations.span_seconds IS 'The seconds from the first start to the last completion in the timings.';
COMMENT ON COLUMN v1.invocations.threads IS 'args.threads, else the number of threads that the results name.';
COMMENT ON COLUMN v1.invocations.is_full_refresh IS 'Whether it was a full refresh; NULL when args are missing.';
COMMENT ON COLUMN v1.invocations.is_retry IS 'Whether it was a dbt retry.';
COMMENT ON COLUMN v1.invocations.is_aborted IS 'Whether it failed as a whole: dbt 2.0 aborted it and wrote every node as an error, or dbt ended before it wrote results.';
COMMENT ON COLUMN v1.invocations.is_executing IS 'Whether the command executes nodes (rule 3, docs/rules.md). The results of compile, docs generate and the like are in no rate and no time.';
COMMENT ON COLUMN v1.invocations.is_success IS 'Whether at least one node was executed, or source checked for its freshness, and none failed; NULL when none was. False where dbt ended with an error, as after Ctrl-C. Without results, the scheduler''s word: false for error, NULL for cancelled.';
COMMENT ON COLUMN v1.invocations.result_count IS 'How many results there are; of source freshness, how many checks.';
COMMENT ON COLUMN v1.invocations.executed_count IS 'How many results are of class success, warn or failure.';
COMMENT ON COLUMN v1.invocations.success_count IS 'How many results are of class success.';
COMMENT ON COLUMN v1.invocations.warn_count IS 'How many results are of class warn.';
COMMENT ON COLUMN v1.invocations.failure_count IS 'How many results are of class failure.';
COMMENT ON COLUMN v1.invocations.skipped_count IS 'How many results are of class skipped.';
COMMENT ON COLUMN v1.invocations.invocation_command IS 'The command line, from dbt 1.6.';
COMMENT ON COLUMN v1.invocations.selection IS 'What was selected and excluded, as options.';
COMMENT ON COLUMN v1.invocations.args IS 'args, complete.';
COMMENT ON COLUMN v1.invocations.vars IS 'args.vars; with dbt up to 1.4 it may be a text.';
COMMENT ON COLUMN v1.invocations.env IS 'metadata.env: the variables DBT_ENV_CUSTOM_ENV_*, without that prefix; and those that dbt Cloud sets, where it told of the invocation.';
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
COMMENT ON COLUMN v1.invocations.outcome IS 'How it ended by its scheduler: success, error or cancelled; unfinished where dbt 2''s telemetry ends before it; NULL where neither tells.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_account_id IS 'env DBT_CLOUD_ACCOUNT_ID.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_project_name IS 'The project''s name in dbt Cloud.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_environment_name IS 'The environment''s name in dbt Cloud.';
COMMENT ON COLUMN v1.invocations.dbt_cloud_job_name IS 'The job''s name in dbt Cloud.';
COMMENT ON COLUMN v1.invocations.extra IS 'What its scheduler knows of it: source, run and step, as its API gives them; or what only dbt 2''s telemetry has.';
