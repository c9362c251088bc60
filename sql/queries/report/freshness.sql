-- Every freshness check.
-- parameters: $since, $project, $environment, $job
-- grain: invocation_id, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    invocation_id,
    status,
    epoch_ms(coalesce(snapshotted_at, generated_at)) AS checked_at,
    max_loaded_at_age_seconds,
    warn_after_seconds,
    error_after_seconds,
    error
FROM v1.source_freshness
WHERE ($since IS NULL OR generated_at >= $since)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
ORDER BY checked_at, unique_id, invocation_id
