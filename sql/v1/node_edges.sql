-- Which node depends on which: the direct edges of the current graphs.
-- grain: project_name, environment, parent_unique_id, child_unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_edges AS
SELECT
    edges.project_name,
    edges.environment,
    edges.parent_unique_id,
    edges.child_unique_id,
    coalesce(parents.resource_type, split_part(edges.parent_unique_id, '.', 1)) AS parent_resource_type,
    edges.child_resource_type
FROM internal.current_edges AS edges
LEFT JOIN internal.current_nodes AS parents
    ON parents.project_name IS NOT DISTINCT FROM edges.project_name
    AND parents.environment = edges.environment
    AND parents.unique_id = edges.parent_unique_id;

COMMENT ON VIEW v1.node_edges IS 'One row per edge of the current graph of a project and environment. Disabled nodes have no edges.';
COMMENT ON COLUMN v1.node_edges.parent_unique_id IS 'The node that the child depends on.';
COMMENT ON COLUMN v1.node_edges.child_unique_id IS 'The node that depends on the parent.';
COMMENT ON COLUMN v1.node_edges.parent_resource_type IS 'The resource type of the parent, from its unique_id where the manifest does not have it.';
COMMENT ON COLUMN v1.node_edges.child_resource_type IS 'The resource type of the child.';
