-- Every doc block of the current manifests.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.docs AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.package_name,
    nodes.name,
    nodes.original_file_path,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.raw_code AS block_contents,
    nodes.other_fields AS extra
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'doc';

COMMENT ON VIEW v1.docs IS 'One row per doc block of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.docs.block_contents IS 'The text of the doc block.';
