-- Every resource of the current manifests, of any type: what it is, and how it last went.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.nodes AS
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
    is_failing
FROM internal.described_nodes;

COMMENT ON VIEW v1.nodes IS 'One row per resource of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.nodes.project_name IS 'The project.';
COMMENT ON COLUMN v1.nodes.environment IS 'The environment.';
COMMENT ON COLUMN v1.nodes.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.nodes.resource_type IS 'model, test, seed, snapshot, source, exposure, metric, macro, doc, group, ….';
COMMENT ON COLUMN v1.nodes.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.nodes.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.nodes.alias IS 'The name of its relation; of a source, its identifier.';
COMMENT ON COLUMN v1.nodes.database_name IS 'The database of its relation.';
COMMENT ON COLUMN v1.nodes.schema_name IS 'The schema of its relation.';
COMMENT ON COLUMN v1.nodes.relation_name IS 'Its relation, quoted for the database.';
COMMENT ON COLUMN v1.nodes.path IS 'Its path below the resource''s folder.';
COMMENT ON COLUMN v1.nodes.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.nodes.patch_path IS 'The file with its properties.';
COMMENT ON COLUMN v1.nodes.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.nodes.description IS 'Its description.';
COMMENT ON COLUMN v1.nodes.language IS 'sql or python.';
COMMENT ON COLUMN v1.nodes.materialized IS 'Its materialization.';
COMMENT ON COLUMN v1.nodes.tags IS 'Its tags.';
COMMENT ON COLUMN v1.nodes.meta IS 'Its meta.';
COMMENT ON COLUMN v1.nodes.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.nodes.owner IS 'The owner of an exposure or group; else meta.owner; else the owner of its group.';
COMMENT ON COLUMN v1.nodes.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.nodes.access IS 'private, protected or public; a model is protected unless it says otherwise.';
COMMENT ON COLUMN v1.nodes.is_contract_enforced IS 'Whether a model''s contract is enforced.';
COMMENT ON COLUMN v1.nodes.version IS 'The version of a versioned model.';
COMMENT ON COLUMN v1.nodes.latest_version IS 'The latest version of a versioned model.';
COMMENT ON COLUMN v1.nodes.deprecation_date IS 'When a model is to go, UTC.';
COMMENT ON COLUMN v1.nodes.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.nodes.raw_code IS 'The code as written; of a macro its SQL, of a doc its text.';
COMMENT ON COLUMN v1.nodes.compiled_code IS 'The last compiled code of this definition in this environment.';
COMMENT ON COLUMN v1.nodes.checksum IS 'dbt''s checksum of the file; it differs between versions of dbt.';
COMMENT ON COLUMN v1.nodes.depends_on_nodes IS 'The unique_ids of its parents.';
COMMENT ON COLUMN v1.nodes.depends_on_macros IS 'The macros that it uses; complete only once dbt has compiled it.';
COMMENT ON COLUMN v1.nodes.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.nodes.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.nodes.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.nodes.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.nodes.last_invocation_id IS 'The invocation of its last execution.';
COMMENT ON COLUMN v1.nodes.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.nodes.last_success_invocation_id IS 'The invocation of its last execution of class success or warn.';
COMMENT ON COLUMN v1.nodes.last_success_at IS 'When that execution was completed, UTC.';
COMMENT ON COLUMN v1.nodes.last_execution_seconds IS 'How long its last execution took.';
COMMENT ON COLUMN v1.nodes.last_command IS 'The command of its last execution.';
COMMENT ON COLUMN v1.nodes.last_run_generated_at IS 'When the run_results of its last execution was written, UTC.';
COMMENT ON COLUMN v1.nodes.is_failing IS 'Whether its last execution failed.';
