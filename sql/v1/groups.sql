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
    nodes.owner_email,
    nodes.meta,
    nodes.other_fields AS extra
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'group';

COMMENT ON VIEW v1.groups IS 'One row per group of the current manifest of a project and environment.';
