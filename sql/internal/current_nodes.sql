-- Every node of the current manifests, with its definition and its rendering.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.current_nodes AS
WITH renderings AS (
    SELECT members.set_id AS rendering_set_id, renderings.rendering_id, renderings.definition_id
    FROM stored.set_members AS members
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
)

SELECT
    manifests.project_name,
    manifests.environment,
    nodes.unique_id,
    nodes.definition_id,
    renderings.rendering_id,
    manifests.generated_at AS manifest_generated_at,
    nodes.resource_type,
    nodes.name,
    nodes.materialized,
    nodes.depends_on_nodes,
    nodes.is_enabled
FROM internal.current_manifests AS manifests
INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = manifests.graph_id
LEFT JOIN renderings
    ON renderings.rendering_set_id = manifests.rendering_set_id
    AND renderings.definition_id = nodes.definition_id;

COMMENT ON VIEW internal.current_nodes IS 'One row per node of a current manifest, with ids only.';
