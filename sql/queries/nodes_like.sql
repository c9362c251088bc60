-- The first nodes whose unique_id contains a text.
-- parameters: $node
-- literals: $time
-- grain: unique_id
SELECT DISTINCT unique_id
FROM internal.graph_nodes
WHERE contains(unique_id, $node)
    AND graph_id IN (
        SELECT graph_id
        FROM internal.manifest_periods
        WHERE valid_from <= $time AND (valid_to IS NULL OR $time < valid_to)
    )
ORDER BY unique_id
LIMIT 10
