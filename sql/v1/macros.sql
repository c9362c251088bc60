-- Every macro of the current manifests, dbt's own included.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.macros AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.package_name,
    nodes.name,
    nodes.description,
    nodes.original_file_path,
    nodes.meta,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.raw_code AS macro_sql,
    nodes.extra -> '$.arguments' AS arguments,
    json_extract_string(nodes.extra, '$.supported_languages[*]') AS supported_languages,
    nodes.depends_on_macros,
    nodes.config,
    nodes.other_fields AS extra
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'macro';

COMMENT ON VIEW v1.macros IS 'One row per macro of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.macros.macro_sql IS 'The code of the macro.';
COMMENT ON COLUMN v1.macros.arguments IS 'The documented arguments of the macro.';
COMMENT ON COLUMN v1.macros.supported_languages IS 'The languages of a materialization, where SQL is not the only one.';
COMMENT ON COLUMN v1.macros.depends_on_macros IS 'The macros that it calls.';
