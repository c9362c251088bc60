-- All that one node depends on, with the shortest distance, in milliseconds.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.descendants_of(node_unique_id) AS TABLE
WITH RECURSIVE reached AS (
    SELECT DISTINCT project_name, environment, unique_id, 0 AS distance
    FROM internal.current_nodes
    WHERE unique_id = node_unique_id AND is_enabled

    UNION

    SELECT edges.project_name, edges.environment, edges.child_unique_id AS unique_id, reached.distance + 1 AS distance
    FROM reached
    INNER JOIN internal.current_edges AS edges
        ON edges.project_name IS NOT DISTINCT FROM reached.project_name
        AND edges.environment = reached.environment
        AND edges.parent_unique_id = reached.unique_id
    WHERE reached.distance < 1000
)

SELECT project_name, environment, unique_id, min(distance) AS distance
FROM reached GROUP BY ALL;
