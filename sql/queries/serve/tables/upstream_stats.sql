-- How many nodes of each type are above each exposure.
-- parameters: none
-- grain: project_name, environment, unique_id
WITH counts AS (
    SELECT project_name, environment, unique_id, upstream_resource_type, count(*) AS node_count
    FROM internal.exposed_nodes
    GROUP BY project_name, environment, unique_id, upstream_resource_type
)

SELECT
    project_name,
    environment,
    unique_id,
    json_group_object(upstream_resource_type, node_count) AS upstream_stats
FROM counts
GROUP BY project_name, environment, unique_id
