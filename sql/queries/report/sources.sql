-- How fresh every source was when it was last checked, and its limits.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    source_name,
    loader,
    is_freshness_checked,
    freshness_status,
    epoch_ms(max_loaded_at) AS max_loaded_at,
    epoch_ms(snapshotted_at) AS snapshotted_at,
    max_loaded_at_age_seconds,
    warn_after_seconds,
    error_after_seconds,
    test_count,
    failing_test_count
FROM v1.sources
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
