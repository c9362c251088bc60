-- The definitions in every graph. Of entries that share a unique_id, the first counts.
-- grain: graph_id, unique_id
CREATE OR REPLACE VIEW internal.graph_nodes AS
SELECT
    members.set_id AS graph_id,
    definitions.unique_id,
    definitions.definition_id,
    definitions.resource_type,
    definitions.package_name,
    definitions.name,
    definitions.materialized,
    definitions.depends_on_nodes,
    definitions.is_enabled,
    -- The manifest of one project has the nodes of others without their files.
    definitions.path IS NOT NULL OR definitions.original_file_path IS NOT NULL AS has_file,
    -- The one place that says what an edge is: from each of these to the node. Disabled nodes have none.
    CASE WHEN definitions.is_enabled THEN definitions.depends_on_nodes END AS parent_unique_ids
FROM stored.set_members AS members
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = members.member_id
WHERE definitions.is_shadowed IS NULL;

COMMENT ON VIEW internal.graph_nodes IS 'One row per node of a graph: a graph is a set of definitions.';
