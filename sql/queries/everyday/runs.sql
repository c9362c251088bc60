-- The runs with these labels, the last first. A parameter that is NULL is not asked for.
-- parameters: $project, $environment, $job, $since, $is_failed, $limit
-- grain: invocation_id, command
SELECT
    coalesce(started_at, generated_at) AS started_at,
    environment,
    job_name,
    command,
    CASE
        WHEN is_aborted THEN 'aborted'
        WHEN is_success THEN 'ok'
        WHEN NOT is_success THEN 'failed'
        ELSE 'no nodes'
    END AS outcome,
    coalesce(span_seconds, elapsed_seconds) AS took_seconds,
    invocation_id,
    failure_count,
    skipped_count,
    warn_count,
    success_count,
    selection,
    git_branch,
    git_sha,
    dbt_version,
    threads,
    target_name,
    is_full_refresh,
    is_retry,
    is_empty,
    is_sample,
    dbt_cloud_run_id,
    invocation_command,
    adapter_type,
    elapsed_seconds,
    completed_at,
    generated_at,
    project_name
FROM v1.invocations
WHERE is_executing
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
    AND ($since IS NULL OR coalesce(started_at, generated_at) >= $since)
    AND (NOT coalesce($is_failed, FALSE) OR NOT is_success)
ORDER BY coalesce(started_at, generated_at) DESC, invocation_id, command
LIMIT $limit
