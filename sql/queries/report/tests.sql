-- Every test of the current manifests, how often it failed, and how often it flipped.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    tests.project_name,
    tests.environment,
    tests.unique_id,
    tests.name,
    tests.test_type,
    tests.test_name,
    tests.column_name,
    tests.tested_unique_id,
    tests.severity,
    tests.original_file_path,
    tests.owner,
    tests.last_status,
    tests.last_failures,
    tests.is_failing,
    rates.executed_count,
    rates.failure_count,
    rates.warn_count,
    rates.failure_rate,
    epoch_ms(rates.last_failed_at) AS last_failed_at,
    flaky.flip_count,
    flaky.flip_rate
FROM v1.tests AS tests
LEFT JOIN v1.test_failure_rates AS rates
    ON rates.project_name IS NOT DISTINCT FROM tests.project_name
    AND rates.environment = tests.environment
    AND rates.unique_id = tests.unique_id
LEFT JOIN v1.flaky_tests AS flaky
    ON flaky.project_name IS NOT DISTINCT FROM tests.project_name
    AND flaky.environment = tests.environment
    AND flaky.unique_id = tests.unique_id
WHERE ($project IS NULL OR tests.project_name = $project)
    AND ($environment IS NULL OR tests.environment = $environment)
ORDER BY tests.project_name, tests.environment, tests.unique_id
