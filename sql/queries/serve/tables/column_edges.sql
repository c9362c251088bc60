-- Which column flows into which. `unique_id` is the node that reads.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, from_unique_id, from_column, to_unique_id, to_column
SELECT
    environments.environment_id,
    edges.to_unique_id AS unique_id,
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind,
    edges.confidence,
    edges.method
FROM v1.column_edges AS edges
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM edges.project_name
    AND environments.environment = edges.environment
ORDER BY ALL
