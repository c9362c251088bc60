-- Every freshness check of a source. A check that fails is one that does not pass or warn.
-- parameters: $unique_id, $project, $environment
-- grain: invocation_id
SELECT
    invocation_id,
    coalesce(snapshotted_at, generated_at) AS happened_at,
    status,
    CASE lower(status) WHEN 'pass' THEN 'success' WHEN 'warn' THEN 'warn' ELSE 'failure' END AS status_class,
    max_loaded_at_age_seconds,
    warn_after_seconds,
    error_after_seconds
FROM v1.source_freshness
WHERE unique_id = $unique_id
    AND project_name IS NOT DISTINCT FROM $project
    AND environment = $environment
ORDER BY happened_at, invocation_id
