-- The next nodes of every node, upwards its parents, downwards its children, across projects.
-- parameters: none
-- literals: $is_upwards, $time
-- grain: unique_id, next_unique_id
SELECT DISTINCT
    CASE WHEN $is_upwards THEN child_unique_id ELSE parent_unique_id END AS unique_id,
    CASE WHEN $is_upwards THEN parent_unique_id ELSE child_unique_id END AS next_unique_id
FROM internal.node_edges_across($time)
ORDER BY unique_id, next_unique_id
