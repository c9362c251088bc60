-- Which node depends on a node of another project: the direct edges between the current graphs.
-- grain: project_name, environment, parent_project_name, parent_environment, parent_unique_id, child_unique_id
-- since: 0.1
--
-- Not portable: internal.external_nodes_at is a macro.
CREATE OR REPLACE VIEW v1.project_edges AS
WITH external_nodes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        how_known,
        parent_project_name,
        parent_environment,
        parent_unique_id,
        is_ambiguous
    FROM internal.external_nodes_at(TIMESTAMP 'infinity')
)

SELECT
    parents.project_name,
    parents.environment,
    parents.parent_project_name,
    parents.parent_environment,
    parents.parent_unique_id,
    edges.child_unique_id,
    parents.how_known,
    parents.is_ambiguous
FROM external_nodes AS parents
INNER JOIN internal.current_edges AS edges
    ON edges.project_name IS NOT DISTINCT FROM parents.project_name
    AND edges.environment = parents.environment
    AND edges.parent_unique_id = parents.unique_id
LEFT JOIN external_nodes AS children
    ON children.project_name IS NOT DISTINCT FROM edges.project_name
    AND children.environment = edges.environment
    AND children.unique_id = edges.child_unique_id
    AND children.how_known = 'unique_id'
WHERE parents.how_known = 'unique_id' AND children.unique_id IS NULL

UNION ALL

SELECT
    project_name,
    environment,
    parent_project_name,
    parent_environment,
    parent_unique_id,
    unique_id AS child_unique_id,
    how_known,
    is_ambiguous
FROM external_nodes
WHERE how_known = 'relation';

COMMENT ON VIEW v1.project_edges IS 'One row per pair of a child and a parent in another project: the child depends on the parent directly, or is a source whose relation the parent makes.';
COMMENT ON COLUMN v1.project_edges.project_name IS 'The project of the child.';
COMMENT ON COLUMN v1.project_edges.environment IS 'The environment of the child.';
COMMENT ON COLUMN v1.project_edges.parent_project_name IS 'The project of the parent.';
COMMENT ON COLUMN v1.project_edges.parent_environment IS 'The environment of the parent. Of several, the one with the relation that the child''s manifest names, else the child''s own, else the one with the latest manifest.';
COMMENT ON COLUMN v1.project_edges.parent_unique_id IS 'The node of the other project that the child depends on.';
COMMENT ON COLUMN v1.project_edges.child_unique_id IS 'The node that depends on the parent; where how_known is relation, the source.';
COMMENT ON COLUMN v1.project_edges.how_known IS 'unique_id: the child''s manifest has the parent as an external node, or only names it. relation: the child is a source, and its relation is the one that the parent makes, by the same adapter in the same environment.';
COMMENT ON COLUMN v1.project_edges.is_ambiguous IS 'Whether several projects have that node or make that relation: each of them has a row.';
