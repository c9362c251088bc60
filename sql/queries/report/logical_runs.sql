-- Every run as people count them: an invocation with its retries and the other steps of its job.
-- parameters: $since, $project, $environment, $job
-- grain: invocation_id, command
SELECT
    invocation_id,
    command,
    project_name,
    environment,
    coalesce(job_name, '') AS job_name,
    epoch_ms(coalesce(started_at, generated_at)) AS started_at,
    span_seconds,
    invocation_count,
    retry_count,
    is_success,
    executed_count,
    success_count,
    warn_count,
    failure_count,
    skipped_count,
    recovered_count,
    array_to_string(invocation_ids, ' ') AS invocation_ids
FROM v1.logical_runs
WHERE ($since IS NULL OR generated_at >= $since)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
ORDER BY started_at, invocation_id, command
