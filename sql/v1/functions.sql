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
    nodes.is_failing
FROM internal.described_nodes AS nodes
WHERE nodes.resource_type = 'function';

COMMENT ON VIEW v1.functions IS 'One row per function of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.functions.project_name IS 'The project.';
COMMENT ON COLUMN v1.functions.environment IS 'The environment.';
COMMENT ON COLUMN v1.functions.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.functions.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.functions.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.functions.description IS 'Its description.';
COMMENT ON COLUMN v1.functions.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.functions.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.functions.tags IS 'Its tags.';
COMMENT ON COLUMN v1.functions.meta IS 'Its meta.';
COMMENT ON COLUMN v1.functions.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.functions.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.functions.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.functions.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.functions.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.functions.alias IS 'Its name in the database.';
COMMENT ON COLUMN v1.functions.database_name IS 'Its database.';
COMMENT ON COLUMN v1.functions.schema_name IS 'Its schema.';
COMMENT ON COLUMN v1.functions.relation_name IS 'Its name, quoted for the database.';
COMMENT ON COLUMN v1.functions.language IS 'sql or python.';
COMMENT ON COLUMN v1.functions.arguments IS 'Its arguments.';
COMMENT ON COLUMN v1.functions.returns IS 'What it returns.';
COMMENT ON COLUMN v1.functions.raw_code IS 'Its code as written.';
COMMENT ON COLUMN v1.functions.compiled_code IS 'Its last compiled code.';
COMMENT ON COLUMN v1.functions.depends_on_nodes IS 'What it depends on.';
COMMENT ON COLUMN v1.functions.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.functions.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.functions.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.functions.is_failing IS 'Whether its last execution failed.';
