-- Tests that fail and pass again while nothing that they test changes.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id
SELECT
    environments.environment_id,
    tests.unique_id,
    tests.name,
    tests.tested_unique_id AS tested_node_unique_id,
    tests.flip_count,
    tests.executed_count,
    tests.flip_rate,
    tests.failure_count,
    tests.last_flip_at,
    tests.unique_id AS pagination_cursor
FROM v1.flaky_tests AS tests
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM tests.project_name
    AND environments.environment = tests.environment
