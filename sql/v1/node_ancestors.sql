-- Everything that every node depends on, directly or not, with the shortest distance.
-- grain: project_name, environment, unique_id, ancestor_unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_ancestors AS
SELECT
    manifests.project_name,
    manifests.environment,
    ancestors.unique_id,
    ancestors.ancestor_unique_id,
    ancestors.resource_type,
    ancestors.ancestor_resource_type,
    ancestors.distance
FROM internal.graph_ancestors AS ancestors
INNER JOIN internal.current_manifests AS manifests ON manifests.graph_id = ancestors.graph_id;

COMMENT ON VIEW v1.node_ancestors IS 'One row per node and ancestor; no node is its own ancestor. For one node, v1.ancestors_of is far faster.';
COMMENT ON COLUMN v1.node_ancestors.ancestor_unique_id IS 'The node that it depends on, directly or not.';
COMMENT ON COLUMN v1.node_ancestors.ancestor_resource_type IS 'The resource type of the ancestor.';
COMMENT ON COLUMN v1.node_ancestors.distance IS 'The number of edges on the shortest path between them.';
