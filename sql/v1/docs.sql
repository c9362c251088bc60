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
    nodes.raw_code AS block_contents
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'doc';

COMMENT ON VIEW v1.docs IS 'One row per doc block of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.docs.project_name IS 'The project.';
COMMENT ON COLUMN v1.docs.environment IS 'The environment.';
COMMENT ON COLUMN v1.docs.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.docs.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.docs.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.docs.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.docs.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.docs.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.docs.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.docs.block_contents IS 'Its text.';
