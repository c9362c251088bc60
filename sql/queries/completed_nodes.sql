-- The names of nodes that begin with a text, and where it has a dot their unique_ids; of tests the unique_ids only.
-- parameters: $prefix
-- grain: value
WITH named AS (
    SELECT unique_id, name, resource_type
    FROM internal.current_nodes
    WHERE resource_type NOT IN ('macro', 'doc', 'group', 'operation')
)

SELECT name AS value, min(resource_type) AS about
FROM named
WHERE starts_with(name, $prefix) AND resource_type NOT IN ('test', 'unit_test')
GROUP BY name
UNION
SELECT DISTINCT unique_id AS value, resource_type AS about
FROM named
WHERE starts_with(unique_id, $prefix) AND contains($prefix, '.')
ORDER BY value
LIMIT 200
