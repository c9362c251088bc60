-- The enabled nodes of the current manifests with the facts that rules need, and whether they are the project's own.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.project_nodes AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.rendering_id,
    traits.definition_id,
    traits.resource_type,
    traits.name,
    traits.materialized,
    traits.access,
    traits.is_contract_enforced,
    traits.is_described,
    traits.raw_code_id,
    traits.is_sql,
    traits.source_name,
    traits.is_source_described,
    traits.has_freshness,
    traits.folder_layer,
    traits.prefix_layer,
    CASE WHEN traits.resource_type = 'model' THEN coalesce(traits.folder_layer, traits.prefix_layer) END AS layer,
    traits.column_count,
    traits.described_column_count,
    traits.has_key_constraint,
    -- A node of an installed package is not the project's own.
    coalesce(artifacts.project_name, artifacts.main_package, traits.package_name)
    IS NOT DISTINCT FROM traits.package_name AS is_own
FROM internal.current_nodes AS nodes
INNER JOIN internal.current_manifests AS manifests
    ON manifests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND manifests.environment = nodes.environment
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = manifests.artifact_key
INNER JOIN internal.definition_traits AS traits ON traits.definition_id = nodes.definition_id
WHERE nodes.is_enabled;

COMMENT ON VIEW internal.project_nodes IS 'One row per enabled node of a current manifest.';
