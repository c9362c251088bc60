-- The edges of the current graphs, by unique_id.
-- grain: project_name, environment, parent_unique_id, child_unique_id
CREATE OR REPLACE VIEW internal.current_edges AS
SELECT
    project_name,
    environment,
    unnest(depends_on_nodes) AS parent_unique_id,
    unique_id AS child_unique_id,
    resource_type AS child_resource_type
FROM internal.current_nodes
WHERE is_enabled;

COMMENT ON VIEW internal.current_edges IS 'One row per edge. The one place that says what an edge is.';
