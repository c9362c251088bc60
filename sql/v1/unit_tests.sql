-- Every unit test of the current manifests: its inputs, what it expects, and how it last went.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.unit_tests AS
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
    nodes.extra ->> '$.model' AS model,
    nodes.tested_unique_id,
    nodes.extra -> '$.given' AS given,
    nodes.extra -> '$.expect' AS expect,
    nodes.extra -> '$.overrides' AS overrides,
    nodes.depends_on_nodes,
    nodes.last_status,
    nodes.last_error,
    nodes.last_executed_at,
    nodes.is_failing
FROM internal.described_nodes AS nodes
WHERE nodes.resource_type = 'unit_test';

COMMENT ON VIEW v1.unit_tests IS 'One row per unit test of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.unit_tests.project_name IS 'The project.';
COMMENT ON COLUMN v1.unit_tests.environment IS 'The environment.';
COMMENT ON COLUMN v1.unit_tests.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.unit_tests.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.unit_tests.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.unit_tests.description IS 'Its description.';
COMMENT ON COLUMN v1.unit_tests.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.unit_tests.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.unit_tests.tags IS 'Its tags.';
COMMENT ON COLUMN v1.unit_tests.meta IS 'Its meta.';
COMMENT ON COLUMN v1.unit_tests.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.unit_tests.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.unit_tests.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.unit_tests.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.unit_tests.model IS 'The model that it tests, by name.';
COMMENT ON COLUMN v1.unit_tests.tested_unique_id IS 'The model that it tests.';
COMMENT ON COLUMN v1.unit_tests.given IS 'Its inputs.';
COMMENT ON COLUMN v1.unit_tests.expect IS 'What it expects.';
COMMENT ON COLUMN v1.unit_tests.overrides IS 'What it overrides: macros, vars, env_vars.';
COMMENT ON COLUMN v1.unit_tests.depends_on_nodes IS 'What it depends on.';
COMMENT ON COLUMN v1.unit_tests.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.unit_tests.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.unit_tests.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.unit_tests.is_failing IS 'Whether its last execution failed.';
