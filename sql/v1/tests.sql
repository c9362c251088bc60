-- Every test of the current manifests, data tests and unit tests: what it checks, and how its last execution went.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.tests AS
SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    package_name,
    name,
    alias,
    database_name,
    schema_name,
    relation_name,
    path,
    original_file_path,
    patch_path,
    fqn,
    description,
    language,
    materialized,
    tags,
    meta,
    config,
    owner,
    group_name,
    access,
    is_contract_enforced,
    version,
    latest_version,
    deprecation_date,
    is_enabled,
    raw_code,
    compiled_code,
    checksum,
    depends_on_nodes,
    depends_on_macros,
    definition_id,
    manifest_generated_at,
    last_status,
    last_error,
    last_invocation_id,
    last_executed_at,
    last_success_invocation_id,
    last_success_at,
    last_execution_seconds,
    last_command,
    last_run_generated_at,
    test_type,
    test_name,
    test_namespace,
    kwargs,
    column_name,
    tested_unique_id,
    severity,
    warn_if,
    error_if,
    last_failures,
    is_skipped,
    is_failing,
    other_fields AS extra
FROM internal.described_nodes
WHERE resource_type IN ('test', 'unit_test');

COMMENT ON VIEW v1.tests IS 'One row per test of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.tests.test_type IS 'generic, singular or unit.';
COMMENT ON COLUMN v1.tests.test_name IS 'The generic test: unique, not_null, ….';
COMMENT ON COLUMN v1.tests.test_namespace IS 'The package of the generic test; NULL for dbt''s own.';
COMMENT ON COLUMN v1.tests.kwargs IS 'The generic test''s arguments.';
COMMENT ON COLUMN v1.tests.tested_unique_id IS 'The node that it tests; NULL for singular tests, which may read any number.';
COMMENT ON COLUMN v1.tests.severity IS 'error or warn, in lower case.';
COMMENT ON COLUMN v1.tests.warn_if IS 'The condition that makes a warning.';
COMMENT ON COLUMN v1.tests.error_if IS 'The condition that makes a failure.';
COMMENT ON COLUMN v1.tests.is_skipped IS 'Whether its latest result is a skip; last_status stays that of the execution before.';
