-- The nodes that a text may mean: by unique_id, or by name or the end of the unique_id (dim_guests.v2) where the resource
-- is one of the lineage.
-- A unique_id may be that of another project's node, which is known here as a parent only.
-- parameters: $node
-- literals: $time
-- grain: unique_id
WITH graphs AS (
    SELECT graph_id
    FROM internal.manifest_periods
    WHERE valid_from <= $time AND (valid_to IS NULL OR $time < valid_to)
),

named AS (
    SELECT
        unique_id,
        (name = $node OR ends_with(unique_id, '.' || $node)) AND resource_type NOT IN ('macro', 'doc', 'group') AS is_name,
        resource_type IN ('test', 'unit_test') AS is_test
    FROM internal.graph_nodes
    WHERE (unique_id = $node OR name = $node OR ends_with(unique_id, '.' || $node))
        AND graph_id IN (SELECT graph_id FROM graphs)
    UNION ALL
    SELECT
        parent_unique_id AS unique_id,
        FALSE AS is_name,
        FALSE AS is_test
    FROM internal.graph_edges
    WHERE parent_unique_id = $node AND graph_id IN (SELECT graph_id FROM graphs)
)

SELECT
    unique_id,
    unique_id = $node AS is_unique_id,
    bool_or(is_name) AS is_name,
    bool_or(is_test) AS is_test
FROM named
GROUP BY unique_id
ORDER BY unique_id
