-- Every group of the current manifests, and who owns it.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.groups AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.package_name,
    nodes.name,
    nodes.description,
    nodes.original_file_path,
    nodes.config,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.owner_name,
    nodes.owner_email
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'group';

COMMENT ON VIEW v1.groups IS 'One row per group of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.groups.project_name IS 'The project.';
COMMENT ON COLUMN v1.groups.environment IS 'The environment.';
COMMENT ON COLUMN v1.groups.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.groups.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.groups.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.groups.description IS 'Its description.';
COMMENT ON COLUMN v1.groups.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.groups.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.groups.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.groups.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.groups.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.groups.owner_name IS 'Who owns it.';
COMMENT ON COLUMN v1.groups.owner_email IS 'How to reach them.';
