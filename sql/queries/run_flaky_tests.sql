-- The flaky tests of a project and environment, those that failed in one run first.
-- parameters: $run, $command, $project, $environment, $limit
-- grain: unique_id
WITH results AS (
    SELECT unique_id, status_class
    FROM v1.node_executions
    WHERE invocation_id = $run AND command = $command
)

SELECT
    tests.unique_id,
    tests.name,
    tests.tested_unique_id,
    tests.flip_count,
    tests.executed_count,
    tests.failure_count,
    tests.last_flip_at,
    coalesce(results.status_class = 'failure', FALSE) AS is_failing_here
FROM v1.flaky_tests AS tests
LEFT JOIN results ON results.unique_id = tests.unique_id
WHERE tests.project_name IS NOT DISTINCT FROM $project AND tests.environment = $environment
ORDER BY is_failing_here DESC, tests.flip_count DESC, tests.unique_id
LIMIT $limit
