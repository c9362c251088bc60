-- The runs with these labels whose invocation_id begins with `$run`; without it those that execute nodes, the last
-- first. A label or a limit that is NULL does not restrict them.
-- parameters: $run, $project, $environment, $job, $limit
-- grain: invocation_id, command
SELECT
    invocation_id,
    command,
    project_name,
    environment,
    job_name,
    dbt_version,
    started_at,
    completed_at,
    elapsed_seconds,
    span_seconds,
    threads,
    is_success,
    is_aborted,
    is_retry,
    invocation_command,
    git_sha,
    git_branch,
    result_count,
    success_count,
    warn_count,
    failure_count,
    skipped_count
FROM v1.invocations
WHERE CASE WHEN $run IS NULL THEN is_executing ELSE starts_with(invocation_id, $run) END
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
ORDER BY is_executing DESC, generated_at DESC, invocation_id, command
LIMIT $limit
