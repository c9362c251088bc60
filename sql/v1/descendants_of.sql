-- All nodes that depend on one node, with the shortest distance. Answers in milliseconds. `across := true` continues in other projects: see v1.project_edges.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.descendants_of(node_unique_id) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes(CAST(node_unique_id AS VARCHAR), FALSE, TIMESTAMP 'infinity')
), (node_unique_id, across) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes_across(CAST(node_unique_id AS VARCHAR), FALSE, TIMESTAMP 'infinity', across)
);

COMMENT ON MACRO TABLE v1.descendants_of IS 'All that depends on one node, in every project and environment that has it: one row per node reached. `across := true` continues in other projects.';
