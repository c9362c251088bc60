-- The nodes that each node depends on directly.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id, related_unique_id
SELECT
    environments.environment_id,
    links.child_unique_id AS unique_id,
    links.parent_unique_id AS related_unique_id
FROM v1.node_edges AS links
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM links.project_name
    AND environments.environment = links.environment
