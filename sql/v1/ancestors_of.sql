-- All that one node depends on, with the shortest distance, in milliseconds.
-- grain: project_name, environment, unique_id
-- since: 0.1
-- Not portable: USING KEY lets the recursion see what it has reached, so that it ends on cycles.
CREATE OR REPLACE MACRO v1.ancestors_of(node_unique_id) AS TABLE
WITH RECURSIVE reached (graph_id, unique_id, distance) USING KEY (graph_id, unique_id) AS (
    SELECT DISTINCT graph_id, node_unique_id, 0
    FROM internal.current_manifests

    UNION

    SELECT DISTINCT edges.graph_id, edges.parent_unique_id, reached.distance + 1
    FROM reached
    INNER JOIN internal.graph_edges AS edges
        ON edges.graph_id = reached.graph_id
        AND edges.child_unique_id = reached.unique_id
    WHERE (edges.graph_id, edges.parent_unique_id) NOT IN (SELECT (graph_id, unique_id) FROM recurring.reached)
)

SELECT
    manifests.project_name,
    manifests.environment,
    reached.unique_id,
    split_part(reached.unique_id, '.', 1) AS resource_type,
    coalesce(nodes.name, reached.unique_id) AS name,
    reached.distance
FROM reached
INNER JOIN internal.current_manifests AS manifests ON manifests.graph_id = reached.graph_id
LEFT JOIN internal.graph_nodes AS nodes
    ON nodes.graph_id = reached.graph_id
    AND nodes.unique_id = reached.unique_id
WHERE reached.distance > 0;

COMMENT ON MACRO TABLE v1.ancestors_of IS 'All that one node depends on, in every project and environment that has it: one row per node reached.';
