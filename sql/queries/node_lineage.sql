-- What one node depends on, or what depends on it, at most `$depth` steps away.
-- parameters: $unique_id, $depth
-- literals: $reached_nodes, $is_upwards, $time
-- grain: project_name, environment, unique_id
SELECT
    CASE WHEN $is_upwards THEN 'up' ELSE 'down' END AS direction,
    distance,
    unique_id,
    resource_type,
    name,
    project_name,
    environment
FROM internal.$reached_nodes(CAST($unique_id AS VARCHAR), $is_upwards, $time)
WHERE distance <= coalesce($depth, distance)
ORDER BY distance, unique_id, project_name, environment
