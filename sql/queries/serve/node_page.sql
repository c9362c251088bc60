-- The unique_ids of the nodes of a list, in its order. The conditions are those of the filters that are given.
-- parameters: $environment_id, $types
-- literals: $conditions, $order
-- tables: nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, row_count BIGINT), executions (environment_id BIGINT, unique_id VARCHAR, execute_completed_at TIMESTAMP), freshness (environment_id BIGINT, unique_id VARCHAR)
-- grain: unique_id
SELECT nodes.unique_id
FROM nodes
LEFT JOIN executions ON executions.environment_id = nodes.environment_id AND executions.unique_id = nodes.unique_id
LEFT JOIN freshness ON freshness.environment_id = nodes.environment_id AND freshness.unique_id = nodes.unique_id
WHERE nodes.environment_id = $environment_id
    AND nodes.resource_type IN (SELECT unnest(CAST($types AS VARCHAR[])))
    AND $conditions
ORDER BY $order
