-- The tests that failed and passed again while neither code nor data had changed, the most flips first.
-- parameters: $project, $environment, $since, $limit
-- grain: project_name, environment, unique_id
SELECT
    flaky.environment,
    flaky.name,
    flaky.flip_count,
    flaky.flip_rate,
    flaky.executed_count,
    flaky.failure_count,
    flaky.last_flip_at,
    tests.last_status,
    coalesce(nodes.name, flaky.tested_unique_id) AS tested,
    tests.owner,
    flaky.unchecked_flip_count,
    flaky.explained_count,
    flaky.last_failing_invocation_id,
    flaky.last_passing_invocation_id,
    tests.original_file_path,
    flaky.tested_unique_id,
    flaky.unique_id,
    flaky.project_name
FROM v1.flaky_tests AS flaky
LEFT JOIN v1.tests AS tests
    ON tests.project_name IS NOT DISTINCT FROM flaky.project_name
    AND tests.environment = flaky.environment
    AND tests.unique_id = flaky.unique_id
LEFT JOIN v1.nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM flaky.project_name
    AND nodes.environment = flaky.environment
    AND nodes.unique_id = flaky.tested_unique_id
WHERE ($project IS NULL OR flaky.project_name = $project)
    AND ($environment IS NULL OR flaky.environment = $environment)
    AND ($since IS NULL OR flaky.last_flip_at >= $since)
ORDER BY flaky.flip_count DESC, flaky.flip_rate DESC, flaky.project_name, flaky.environment, flaky.unique_id
LIMIT $limit
