-- Every exposure of the current manifests: who uses what is built.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.exposures AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.package_name,
    nodes.name,
    nodes.description,
    nodes.original_file_path,
    nodes.fqn,
    nodes.tags,
    nodes.meta,
    nodes.config,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.extra ->> '$.type' AS exposure_type,
    nodes.extra ->> '$.label' AS label,
    nodes.extra ->> '$.maturity' AS maturity,
    nodes.extra ->> '$.url' AS url,
    nodes.owner_name,
    nodes.owner_email,
    nodes.depends_on_nodes
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'exposure';

COMMENT ON VIEW v1.exposures IS 'One row per exposure of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.exposures.project_name IS 'The project.';
COMMENT ON COLUMN v1.exposures.environment IS 'The environment.';
COMMENT ON COLUMN v1.exposures.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.exposures.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.exposures.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.exposures.description IS 'Its description.';
COMMENT ON COLUMN v1.exposures.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.exposures.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.exposures.tags IS 'Its tags.';
COMMENT ON COLUMN v1.exposures.meta IS 'Its meta.';
COMMENT ON COLUMN v1.exposures.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.exposures.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.exposures.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.exposures.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.exposures.exposure_type IS 'dashboard, notebook, analysis, ml or application.';
COMMENT ON COLUMN v1.exposures.label IS 'Its label.';
COMMENT ON COLUMN v1.exposures.maturity IS 'high, medium or low.';
COMMENT ON COLUMN v1.exposures.url IS 'Where it is.';
COMMENT ON COLUMN v1.exposures.owner_name IS 'Who owns it.';
COMMENT ON COLUMN v1.exposures.owner_email IS 'How to reach them.';
COMMENT ON COLUMN v1.exposures.depends_on_nodes IS 'What it depends on.';
