-- One column, and what flows into it or what it flows into, at most `$depth` steps away.
-- parameters: $unique_id, $column, $depth
-- literals: $reached_columns, $is_upwards, $time
-- grain: project_name, environment, unique_id, column_key
SELECT project_name, environment, unique_id, lower(column_name) AS column_key, column_name, distance
FROM internal.$reached_columns(CAST($unique_id AS VARCHAR), CAST($column AS VARCHAR), $is_upwards, $time)
WHERE distance <= coalesce($depth, distance)
UNION ALL
SELECT DISTINCT
    project_name,
    environment,
    $unique_id AS unique_id,
    lower($column) AS column_key,
    $column AS column_name,
    0 AS distance
FROM internal.column_lineages_at($time)
