-- The next nodes of every node, upwards its parents, downwards its children.
-- parameters: none
-- literals: $is_upwards, $time
-- grain: unique_id, next_unique_id
SELECT DISTINCT
    CASE WHEN $is_upwards THEN child_unique_id ELSE parent_unique_id END AS unique_id,
    CASE WHEN $is_upwards THEN parent_unique_id ELSE child_unique_id END AS next_unique_id
FROM internal.graph_edges
WHERE graph_id IN (
    SELECT graph_id
    FROM internal.manifest_periods
    WHERE valid_from <= $time AND (valid_to IS NULL OR $time < valid_to)
)
ORDER BY unique_id, next_unique_id
