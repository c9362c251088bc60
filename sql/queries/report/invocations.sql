-- Every invocation that wrote results, the oldest first, and whether its timeline is whole.
-- parameters: $since, $project, $environment, $job, $whole_runs
-- grain: invocation_id, command
SELECT
    invocation_id,
    command,
    project_name,
    environment,
    coalesce(job_name, '') AS job_name,
    dbt_version,
    epoch_ms(coalesce(started_at, generated_at)) AS started_at,
    epoch_ms(generated_at) AS generated_at,
    span_seconds,
    elapsed_seconds,
    threads,
    is_success,
    is_aborted,
    is_executing,
    is_retry,
    is_full_refresh,
    is_empty,
    is_sample,
    result_count,
    executed_count,
    success_count,
    warn_count,
    failure_count,
    skipped_count,
    invocation_command,
    git_sha,
    git_branch,
    $whole_runs IS NULL OR is_success IS NOT TRUE OR row_number() OVER (
        PARTITION BY project_name, environment, job_name, command
        ORDER BY generated_at DESC, invocation_id DESC
    ) <= $whole_runs AS is_whole
FROM v1.invocations
WHERE ($since IS NULL OR generated_at >= $since)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
ORDER BY started_at, invocation_id, command
