-- Every model of the current manifests: what it is, how it last went, and what catalogs and tests say of it.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.models AS
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
    is_failing,
    catalog_type,
    catalog_owner,
    row_count,
    size_bytes,
    column_count,
    test_count,
    failing_test_count
FROM internal.catalogued_nodes
WHERE resource_type = 'model';

COMMENT ON VIEW v1.models IS 'One row per model of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.models.project_name IS 'The project.';
COMMENT ON COLUMN v1.models.environment IS 'The environment.';
COMMENT ON COLUMN v1.models.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.models.resource_type IS 'model, test, seed, snapshot, source, exposure, metric, macro, doc, group, ….';
COMMENT ON COLUMN v1.models.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.models.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.models.alias IS 'The name of its relation; of a source, its identifier.';
COMMENT ON COLUMN v1.models.database_name IS 'The database of its relation.';
COMMENT ON COLUMN v1.models.schema_name IS 'The schema of its relation.';
COMMENT ON COLUMN v1.models.relation_name IS 'Its relation, quoted for the database.';
COMMENT ON COLUMN v1.models.path IS 'Its path below the resource''s folder.';
COMMENT ON COLUMN v1.models.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.models.patch_path IS 'The file with its properties.';
COMMENT ON COLUMN v1.models.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.models.description IS 'Its description.';
COMMENT ON COLUMN v1.models.language IS 'sql or python.';
COMMENT ON COLUMN v1.models.materialized IS 'Its materialization.';
COMMENT ON COLUMN v1.models.tags IS 'Its tags.';
COMMENT ON COLUMN v1.models.meta IS 'Its meta.';
COMMENT ON COLUMN v1.models.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.models.owner IS 'The owner of an exposure or group; else meta.owner; else the owner of its group.';
COMMENT ON COLUMN v1.models.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.models.access IS 'private, protected or public; a model is protected unless it says otherwise.';
COMMENT ON COLUMN v1.models.is_contract_enforced IS 'Whether a model''s contract is enforced.';
COMMENT ON COLUMN v1.models.version IS 'The version of a versioned model.';
COMMENT ON COLUMN v1.models.latest_version IS 'The latest version of a versioned model.';
COMMENT ON COLUMN v1.models.deprecation_date IS 'When a model is to go, UTC.';
COMMENT ON COLUMN v1.models.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.models.raw_code IS 'The code as written; of a macro its SQL, of a doc its text.';
COMMENT ON COLUMN v1.models.compiled_code IS 'The last compiled code of this definition in this environment.';
COMMENT ON COLUMN v1.models.checksum IS 'dbt''s checksum of the file; it differs between versions of dbt.';
COMMENT ON COLUMN v1.models.depends_on_nodes IS 'The unique_ids of its parents.';
COMMENT ON COLUMN v1.models.depends_on_macros IS 'The macros that it uses; complete only once dbt has compiled it.';
COMMENT ON COLUMN v1.models.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.models.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.models.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.models.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.models.last_invocation_id IS 'The invocation of its last execution.';
COMMENT ON COLUMN v1.models.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.models.last_success_invocation_id IS 'The invocation of its last execution of class success or warn.';
COMMENT ON COLUMN v1.models.last_success_at IS 'When that execution was completed, UTC.';
COMMENT ON COLUMN v1.models.last_execution_seconds IS 'How long its last execution took.';
COMMENT ON COLUMN v1.models.last_command IS 'The command of its last execution.';
COMMENT ON COLUMN v1.models.last_run_generated_at IS 'When the run_results of its last execution was written, UTC.';
COMMENT ON COLUMN v1.models.is_failing IS 'Whether its last execution failed.';
COMMENT ON COLUMN v1.models.catalog_type IS 'The relation''s type in the database.';
COMMENT ON COLUMN v1.models.catalog_owner IS 'The relation''s owner in the database.';
COMMENT ON COLUMN v1.models.row_count IS 'How many rows it has, by the latest catalog that counts.';
COMMENT ON COLUMN v1.models.size_bytes IS 'How large it is, by the latest catalog that measures.';
COMMENT ON COLUMN v1.models.column_count IS 'How many columns it has, declared or catalogued.';
COMMENT ON COLUMN v1.models.test_count IS 'How many enabled tests it has.';
COMMENT ON COLUMN v1.models.failing_test_count IS 'How many of them failed when they were last executed.';
