-- The nodes of these types with a name or a unique_id in an environment.
-- parameters: $environment_id, $types, $name
-- tables: nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, name VARCHAR)
-- grain: unique_id
SELECT unique_id
FROM nodes
WHERE environment_id = $environment_id
    AND resource_type IN (SELECT unnest(CAST($types AS VARCHAR[])))
    AND ($name IN (unique_id, name))
ORDER BY unique_id
