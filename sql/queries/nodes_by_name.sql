-- The nodes that a text may mean: by unique_id, or by name where the resource is one of the lineage.
-- parameters: $node
-- literals: $time
-- grain: unique_id
SELECT
    unique_id,
    unique_id = $node AS is_unique_id,
    bool_or(name = $node AND resource_type NOT IN ('macro', 'doc', 'group')) AS is_name,
    bool_or(resource_type IN ('test', 'unit_test')) AS is_test
FROM internal.graph_nodes
WHERE (unique_id = $node OR name = $node)
    AND graph_id IN (
        SELECT graph_id
        FROM internal.manifest_periods
        WHERE valid_from <= $time AND (valid_to IS NULL OR $time < valid_to)
    )
GROUP BY unique_id
ORDER BY unique_id
