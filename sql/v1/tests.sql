-- Every test of the current manifests, data tests and unit tests: what it checks, and how it last went.
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
    is_failing
FROM internal.described_nodes
WHERE resource_type IN ('test', 'unit_test');

COMMENT ON VIEW v1.tests IS 'One row per test of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.tests.project_name IS 'The project.';
COMMENT ON COLUMN v1.tests.environment IS 'The environment.';
COMMENT ON COLUMN v1.tests.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.tests.resource_type IS 'model, test, seed, snapshot, source, exposure, metric, macro, doc, group, ….';
COMMENT ON COLUMN v1.tests.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.tests.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.tests.alias IS 'The name of its relation; of a source, its identifier.';
COMMENT ON COLUMN v1.tests.database_name IS 'The database of its relation.';
COMMENT ON COLUMN v1.tests.schema_name IS 'The schema of its relation.';
COMMENT ON COLUMN v1.tests.relation_name IS 'Its relation, quoted for the database.';
COMMENT ON COLUMN v1.tests.path IS 'Its path below the resource''s folder.';
COMMENT ON COLUMN v1.tests.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.tests.patch_path IS 'The file with its properties.';
COMMENT ON COLUMN v1.tests.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.tests.description IS 'Its description.';
COMMENT ON COLUMN v1.tests.language IS 'sql or python.';
COMMENT ON COLUMN v1.tests.materialized IS 'Its materialization.';
COMMENT ON COLUMN v1.tests.tags IS 'Its tags.';
COMMENT ON COLUMN v1.tests.meta IS 'Its meta.';
COMMENT ON COLUMN v1.tests.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.tests.owner IS 'The owner of an exposure or group; else meta.owner; else the owner of its group.';
COMMENT ON COLUMN v1.tests.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.tests.access IS 'private, protected or public; a model is protected unless it says otherwise.';
COMMENT ON COLUMN v1.tests.is_contract_enforced IS 'Whether a model''s contract is enforced.';
COMMENT ON COLUMN v1.tests.version IS 'The version of a versioned model.';
COMMENT ON COLUMN v1.tests.latest_version IS 'The latest version of a versioned model.';
COMMENT ON COLUMN v1.tests.deprecation_date IS 'When a model is to go, UTC.';
COMMENT ON COLUMN v1.tests.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.tests.raw_code IS 'The code as written; of a macro its SQL, of a doc its text.';
COMMENT ON COLUMN v1.tests.compiled_code IS 'The last compiled code of this definition in this environment.';
COMMENT ON COLUMN v1.tests.checksum IS 'dbt''s checksum of the file; it differs between versions of dbt.';
COMMENT ON COLUMN v1.tests.depends_on_nodes IS 'The unique_ids of its parents.';
COMMENT ON COLUMN v1.tests.depends_on_macros IS 'The macros that it uses; complete only once dbt has compiled it.';
COMMENT ON COLUMN v1.tests.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.tests.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.tests.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.tests.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.tests.last_invocation_id IS 'The invocation of its last execution.';
COMMENT ON COLUMN v1.tests.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.tests.last_success_invocation_id IS 'The invocation of its last execution of class success or warn.';
COMMENT ON COLUMN v1.tests.last_success_at IS 'When that execution was completed, UTC.';
COMMENT ON COLUMN v1.tests.last_execution_seconds IS 'How long its last execution took.';
COMMENT ON COLUMN v1.tests.last_command IS 'The command of its last execution.';
COMMENT ON COLUMN v1.tests.last_run_generated_at IS 'When the run_results of its last execution was written, UTC.';
COMMENT ON COLUMN v1.tests.test_type IS 'generic, singular or unit.';
COMMENT ON COLUMN v1.tests.test_name IS 'The generic test: unique, not_null, ….';
COMMENT ON COLUMN v1.tests.test_namespace IS 'The package of the generic test; NULL for dbt''s own.';
COMMENT ON COLUMN v1.tests.kwargs IS 'The generic test''s arguments.';
COMMENT ON COLUMN v1.tests.column_name IS 'The column that it tests.';
COMMENT ON COLUMN v1.tests.tested_unique_id IS 'The node that it tests; NULL for singular tests, which may read any number.';
COMMENT ON COLUMN v1.tests.severity IS 'error or warn, in lower case.';
COMMENT ON COLUMN v1.tests.warn_if IS 'The condition that makes a warning.';
COMMENT ON COLUMN v1.tests.error_if IS 'The condition that makes a failure.';
COMMENT ON COLUMN v1.tests.last_failures IS 'How many rows failed its last execution.';
COMMENT ON COLUMN v1.tests.is_skipped IS 'Whether its latest result is a skip; last_status stays that of the execution before.';
COMMENT ON COLUMN v1.tests.is_failing IS 'Whether its last execution failed.';
