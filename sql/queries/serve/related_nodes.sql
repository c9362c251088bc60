-- The nodes that one table relates to nodes of an environment. `owner` is the node that each is related to.
-- parameters: $environment_ids, $unique_ids
-- literals: $table
-- tables: links (environment_id BIGINT, unique_id VARCHAR, related_unique_id VARCHAR), nodes (environment_id BIGINT, unique_id VARCHAR)
-- grain: environment_id, owner, unique_id
SELECT links.unique_id AS owner, nodes.*
FROM $table AS links
INNER JOIN nodes
    ON nodes.environment_id = links.environment_id
    AND nodes.unique_id = links.related_unique_id
WHERE links.environment_id IN (SELECT unnest(CAST($environment_ids AS BIGINT[])))
    AND links.unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[])))
ORDER BY links.environment_id, links.unique_id, nodes.unique_id
