-- Every function of the current manifests (dbt 1.11 and later).
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.functions AS
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
    nodes.group_name,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.alias,
    nodes.database_name,
    nodes.schema_name,
    nodes.relation_name,
    nodes.language,
    nodes.extra -> '$.arguments' AS arguments,
    coalesce(nodes.extra -> '$.returns', nodes.extra -> '$.return_type') AS returns,
    nodes.raw_code,
    nodes.compiled_code,
    nodes.depends_on_nodes,
    nodes.last_status,
    nodes.last_error,
    nodes.last_executed_at,
    nodes.is_failing,
    nodes.other_fields AS extra
FROM internal.described_nodes AS nodes
WHERE nodes.resource_type = 'function';

COMMENT ON VIEW v1.functions IS 'One row per function of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.functions.alias IS 'Its name in the database.';
COMMENT ON COLUMN v1.functions.database_name IS 'Its database.';
COMMENT ON COLUMN v1.functions.schema_name IS 'Its schema.';
COMMENT ON COLUMN v1.functions.relation_name IS 'Its name, quoted for the database.';
COMMENT ON COLUMN v1.functions.arguments IS 'The arguments of the function.';
COMMENT ON COLUMN v1.functions.returns IS 'The type that the function returns.';
COMMENT ON COLUMN v1.functions.raw_code IS 'Its code as written.';
COMMENT ON COLUMN v1.functions.compiled_code IS 'Its last compiled code.';
