-- The lineage of a column: what it reaches on a shortest path, and the uses of the reached columns.
-- parameters: $direction
-- tables: steps (project_name VARCHAR, environment VARCHAR, distance INTEGER, there_unique_id VARCHAR, there_column VARCHAR, there_distance INTEGER, kind VARCHAR, is_use BOOLEAN)
-- grain: project_name, environment, unique_id, column_name, relation
SELECT
    $direction AS direction,
    min(there_distance) AS distance,
    there_unique_id AS unique_id,
    there_column AS column_name,
    CASE WHEN is_use THEN 'use' ELSE 'flow' END AS relation,
    string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kind,
    project_name,
    environment
FROM steps
WHERE there_distance > 0 AND (is_use OR distance + 1 = there_distance)
GROUP BY project_name, environment, there_unique_id, there_column, is_use
ORDER BY distance, unique_id, column_name NULLS FIRST, relation, project_name, environment
