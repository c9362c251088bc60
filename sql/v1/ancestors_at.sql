-- All nodes that one node depended on at a time, with the shortest distance. Answers in milliseconds. `across := true` continues in other projects: see v1.project_edges.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.ancestors_at(node_unique_id, ts) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes(CAST(node_unique_id AS VARCHAR), TRUE, CAST(ts AS TIMESTAMP))
), (node_unique_id, ts, across) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes_across(CAST(node_unique_id AS VARCHAR), TRUE, CAST(ts AS TIMESTAMP), across)
);

COMMENT ON MACRO TABLE v1.ancestors_at IS 'All that one node depended on in the graph as it stood at that time (UTC), in every project and environment: one row per node reached. `across := true` continues in other projects.';
