-- All nodes that one node depends on, with the shortest distance. Answers in milliseconds. `across := true` continues in other projects: see v1.project_edges.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.ancestors_of(node_unique_id) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes(CAST(node_unique_id AS VARCHAR), TRUE, TIMESTAMP 'infinity')
), (node_unique_id, across) AS TABLE (
    SELECT project_name, environment, unique_id, resource_type, name, distance
    FROM internal.reached_nodes_across(CAST(node_unique_id AS VARCHAR), TRUE, TIMESTAMP 'infinity', across)
);

COMMENT ON MACRO TABLE v1.ancestors_of IS 'All that one node depends on, in every project and environment that has it: one row per node reached. `across := true` continues in other projects.';
