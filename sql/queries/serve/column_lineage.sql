-- The edges between a column and all columns on one side of it, with the shortest distance; the nearest first.
-- parameters: $environment_id, $unique_id, $column, $is_upwards, $depth
-- tables: environments (environment_id BIGINT, project_name VARCHAR, environment VARCHAR), column_edges (environment_id BIGINT, from_unique_id VARCHAR, from_column VARCHAR, to_unique_id VARCHAR, to_column VARCHAR, kind VARCHAR, confidence DOUBLE, method VARCHAR)
-- grain: from_unique_id, from_column, to_unique_id, to_column
WITH columns AS (
    SELECT CAST($unique_id AS VARCHAR) AS unique_id, lower(CAST($column AS VARCHAR)) AS column_key, 0 AS distance
    UNION ALL
    SELECT reached.unique_id, lower(reached.column_name), reached.distance
    FROM internal.reached_columns(
        CAST($unique_id AS VARCHAR), CAST($column AS VARCHAR), CAST($is_upwards AS BOOLEAN), TIMESTAMP 'infinity'
    ) AS reached
    INNER JOIN environments
        ON environments.project_name IS NOT DISTINCT FROM reached.project_name
        AND environments.environment = reached.environment
    WHERE environments.environment_id = $environment_id
),

reached AS (
    SELECT unique_id, column_key, min(distance) AS distance
    FROM columns
    GROUP BY unique_id, column_key
),

edges AS (
    SELECT
        *,
        CASE WHEN $is_upwards THEN to_unique_id ELSE from_unique_id END AS near_unique_id,
        lower(CASE WHEN $is_upwards THEN to_column ELSE from_column END) AS near_key
    FROM column_edges
    WHERE environment_id = $environment_id
)

SELECT
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind,
    edges.confidence,
    edges.method,
    reached.distance + 1 AS distance
FROM edges
INNER JOIN reached ON reached.unique_id = edges.near_unique_id AND reached.column_key = edges.near_key
WHERE reached.distance < $depth
ORDER BY distance, edges.from_unique_id, edges.from_column, edges.to_unique_id, edges.to_column
