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
COMMENT ON COLUMN v1.nodes.depends_on_nodes IS 'The unique_ids of its parents.';
