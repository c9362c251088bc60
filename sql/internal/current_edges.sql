-- The edges of the current graphs, by unique_id.
-- grain: project_name, environment, parent_unique_id, child_unique_id
CREATE OR REPLACE VIEW internal.current_edges AS
SELECT
    manifests.project_name,
    manifests.environment,
    edges.parent_unique_id,
    edges.child_unique_id,
    edges.child_resource_type
FROM internal.current_manifests AS manifests
INNER JOIN internal.graph_edges AS edges ON edges.graph_id = manifests.graph_id;

COMMENT ON VIEW internal.current_edges IS 'One row per edge of the current graph of a project and environment.';
