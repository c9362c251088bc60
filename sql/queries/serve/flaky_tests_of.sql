-- The flaky tests of an environment, those that flip most first.
-- parameters: $environment_id
-- tables: flaky_tests (environment_id BIGINT, unique_id VARCHAR, flip_count BIGINT)
-- grain: unique_id
SELECT *
FROM flaky_tests
WHERE environment_id = $environment_id
ORDER BY flip_count DESC, unique_id
