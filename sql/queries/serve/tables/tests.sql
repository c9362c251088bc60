-- The tests of each node.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id, related_unique_id
SELECT
    environments.environment_id,
    links.unique_id,
    links.test_unique_id AS related_unique_id
FROM internal.node_tests AS links
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM links.project_name
    AND environments.environment = links.environment
