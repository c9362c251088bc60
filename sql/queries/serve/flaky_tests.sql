-- Tests that fail and pass again while nothing that they test has changed, those that flip most first.
-- parameters: $project, $environment, $limit, $offset
-- grain: project_name, environment, unique_id
SELECT unique_id, name, tested_unique_id, flip_count, executed_count, flip_rate, failure_count, last_flip_at
FROM v1.flaky_tests
WHERE project_name IS NOT DISTINCT FROM $project AND environment = $environment AND flip_count > 0
ORDER BY flip_count DESC, unique_id
LIMIT $limit OFFSET $offset
