-- Every unit test of the current manifests: its inputs, what it expects, and how its last execution went.
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
    nodes.is_failing,
    nodes.other_fields AS extra
FROM internal.described_nodes AS nodes
WHERE nodes.resource_type = 'unit_test';

COMMENT ON VIEW v1.unit_tests IS 'One row per unit test of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.unit_tests.model IS 'The model that it tests, by name.';
COMMENT ON COLUMN v1.unit_tests.tested_unique_id IS 'The model that it tests.';
COMMENT ON COLUMN v1.unit_tests.given IS 'The inputs of the unit test.';
COMMENT ON COLUMN v1.unit_tests.expect IS 'The rows that the unit test expects.';
COMMENT ON COLUMN v1.unit_tests.overrides IS 'The macros, vars and env_vars that the unit test overrides.';
