-- The nearest failures above every skipped result.
-- parameters: $project, $environment
-- grain: invocation_id, command, unique_id, failed_unique_id
SELECT invocation_id, command, unique_id, failed_unique_id, distance
FROM v1.skips
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY invocation_id, command, failed_unique_id, distance, unique_id
