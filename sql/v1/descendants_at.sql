-- All that depended on one node at a time, with the shortest distance, in milliseconds.
-- grain: project_name, environment, unique_id
-- since: 0.1
--
-- A breadth-first search from the one node, in the graphs of that time. Every step carries all that was reached, with
-- the step that reached it first; it ends when a step reaches nothing new, on cycles too.
CREATE OR REPLACE MACRO v1.descendants_at(node_unique_id, ts) AS TABLE
WITH RECURSIVE manifests AS MATERIALIZED (
    SELECT project_name, environment, graph_id
    FROM internal.manifest_periods
    WHERE valid_from <= CAST(ts AS TIMESTAMP) AND (valid_to IS NULL OR CAST(ts AS TIMESTAMP) < valid_to)
),

edges AS MATERIALIZED (
    SELECT graph_id, parent_unique_id, child_unique_id
    FROM internal.graph_edges
    WHERE graph_id IN (SELECT graph_id FROM manifests)
),

reached (graph_id, unique_id, step, distance) AS (
    SELECT DISTINCT graph_id, CAST(node_unique_id AS VARCHAR), 0, 0
    FROM manifests

    UNION ALL

    SELECT graph_id, unique_id, max(step) + 1, min(distance)
    FROM (
        SELECT edges.graph_id, edges.child_unique_id AS unique_id, reached.step, reached.step + 1 AS distance
        FROM reached
        INNER JOIN edges ON edges.graph_id = reached.graph_id AND edges.parent_unique_id = reached.unique_id
        WHERE reached.distance = reached.step
        UNION ALL
        SELECT graph_id, unique_id, step, distance FROM reached
    )
    WHERE EXISTS (SELECT 1 FROM reached WHERE distance = step)
    GROUP BY graph_id, unique_id
),

distances AS (
    SELECT graph_id, unique_id, min(distance) AS distance
    FROM reached
    WHERE distance > 0
    GROUP BY graph_id, unique_id
)

SELECT
    manifests.project_name,
    manifests.environment,
    distances.unique_id,
    split_part(distances.unique_id, '.', 1) AS resource_type,
    coalesce(nodes.name, distances.unique_id) AS name,
    distances.distance
FROM distances
INNER JOIN manifests ON manifests.graph_id = distances.graph_id
LEFT JOIN internal.graph_nodes AS nodes
    ON nodes.graph_id = distances.graph_id
    AND nodes.unique_id = distances.unique_id;

COMMENT ON MACRO TABLE v1.descendants_at IS 'All that depended on one node in the graph as it stood at that time (UTC), in every project and environment: one row per node reached.';
