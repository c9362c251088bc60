-- Every exposure of the current manifests: who uses the models, and for what.
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
    nodes.depends_on_nodes,
    nodes.other_fields AS extra,
    nodes.depends_on_macros
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'exposure';

COMMENT ON VIEW v1.exposures IS 'One row per exposure of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.exposures.exposure_type IS 'dashboard, notebook, analysis, ml or application.';
COMMENT ON COLUMN v1.exposures.maturity IS 'high, medium or low.';
COMMENT ON COLUMN v1.exposures.url IS 'The address of the exposure.';
