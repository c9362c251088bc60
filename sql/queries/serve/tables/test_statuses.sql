-- The statuses of the tests of each node: how many have which, and the worst one.
-- parameters: none
-- tables: tests (environment_id BIGINT, unique_id VARCHAR, related_unique_id VARCHAR), executions (environment_id BIGINT, unique_id VARCHAR, last_known_result VARCHAR)
-- grain: environment_id, unique_id
WITH counts AS (
    SELECT
        tests.environment_id,
        tests.unique_id,
        executions.last_known_result AS status,
        count(*) AS test_count,
        CASE executions.last_known_result WHEN 'error' THEN 4 WHEN 'fail' THEN 3 WHEN 'warn' THEN 2 ELSE 1 END AS rank
    FROM tests
    INNER JOIN executions
        ON executions.environment_id = tests.environment_id
        AND executions.unique_id = tests.related_unique_id
    WHERE executions.last_known_result IS NOT NULL
    GROUP BY ALL
)

SELECT
    environment_id,
    unique_id,
    json_group_object(status, test_count) AS test_statuses,
    arg_max(status, rank) AS worst_test_status
FROM counts
GROUP BY environment_id, unique_id
