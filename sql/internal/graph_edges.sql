-- The edges of every graph, by unique_id. Disabled nodes have none.
-- grain: graph_id, parent_unique_id, child_unique_id
CREATE OR REPLACE VIEW internal.graph_edges AS
SELECT
    graph_id,
    unnest(parent_unique_ids) AS parent_unique_id,
    unique_id AS child_unique_id,
    resource_type AS child_resource_type
FROM internal.graph_nodes;

COMMENT ON VIEW internal.graph_edges IS 'One row per edge, as internal.graph_nodes defines it.';
