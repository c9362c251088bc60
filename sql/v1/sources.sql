-- Every source table of the current manifests: what it is, how fresh it was, and what catalogs and tests say of it.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.sources AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    nodes.package_name,
    nodes.name,
    nodes.alias,
    nodes.database_name,
    nodes.schema_name,
    nodes.relation_name,
    nodes.path,
    nodes.original_file_path,
    nodes.patch_path,
    nodes.fqn,
    nodes.description,
    nodes.language,
    nodes.materialized,
    nodes.tags,
    nodes.meta,
    nodes.config,
    nodes.owner,
    nodes.group_name,
    nodes.access,
    nodes.is_contract_enforced,
    nodes.version,
    nodes.latest_version,
    nodes.deprecation_date,
    nodes.is_enabled,
    nodes.raw_code,
    nodes.compiled_code,
    nodes.checksum,
    nodes.depends_on_nodes,
    nodes.depends_on_macros,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.last_status,
    nodes.last_error,
    nodes.last_invocation_id,
    nodes.last_executed_at,
    nodes.last_success_invocation_id,
    nodes.last_success_at,
    nodes.last_execution_seconds,
    nodes.last_command,
    nodes.last_run_generated_at,
    nodes.is_failing,
    nodes.extra ->> '$.source_name' AS source_name,
    nodes.extra ->> '$.source_description' AS source_description,
    nodes.extra ->> '$.identifier' AS identifier,
    nodes.extra ->> '$.loader' AS loader,
    coalesce(nodes.extra ->> '$.loaded_at_field', nodes.config ->> '$.loaded_at_field') AS loaded_at_field,
    CAST(
        TRY_CAST(coalesce(nodes.extra -> '$.freshness', nodes.config -> '$.freshness') ->> '$.warn_after.count' AS BIGINT)
        AS DOUBLE
    ) * CASE coalesce(nodes.extra -> '$.freshness', nodes.config -> '$.freshness') ->> '$.warn_after.period'
        WHEN 'minute' THEN 60
        WHEN 'hour' THEN 3600
        WHEN 'day' THEN 86400
    END AS warn_after_seconds,
    CAST(
        TRY_CAST(coalesce(nodes.extra -> '$.freshness', nodes.config -> '$.freshness') ->> '$.error_after.count' AS BIGINT)
        AS DOUBLE
    ) * CASE coalesce(nodes.extra -> '$.freshness', nodes.config -> '$.freshness') ->> '$.error_after.period'
        WHEN 'minute' THEN 60
        WHEN 'hour' THEN 3600
        WHEN 'day' THEN 86400
    END AS error_after_seconds,
    coalesce(nodes.extra -> '$.freshness', nodes.config -> '$.freshness') ->> '$.filter' AS freshness_filter,
    checks.unique_id IS NOT NULL AS is_freshness_checked,
    checks.status AS freshness_status,
    checks.max_loaded_at,
    checks.snapshotted_at,
    checks.max_loaded_at_age_seconds,
    nodes.catalog_type,
    nodes.row_count,
    nodes.size_bytes,
    nodes.catalog_owner,
    nodes.column_count,
    nodes.test_count,
    nodes.failing_test_count
FROM internal.catalogued_nodes AS nodes
LEFT JOIN internal.last_freshness AS checks
    ON checks.project_name IS NOT DISTINCT FROM nodes.project_name
    AND checks.environment = nodes.environment
    AND checks.unique_id = nodes.unique_id
WHERE nodes.resource_type = 'source';

COMMENT ON VIEW v1.sources IS 'One row per source table of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.sources.project_name IS 'The project.';
COMMENT ON COLUMN v1.sources.environment IS 'The environment.';
COMMENT ON COLUMN v1.sources.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.sources.resource_type IS 'model, test, seed, snapshot, source, exposure, metric, macro, doc, group, ….';
COMMENT ON COLUMN v1.sources.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.sources.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.sources.alias IS 'The name of its relation; of a source, its identifier.';
COMMENT ON COLUMN v1.sources.database_name IS 'The database of its relation.';
COMMENT ON COLUMN v1.sources.schema_name IS 'The schema of its relation.';
COMMENT ON COLUMN v1.sources.relation_name IS 'Its relation, quoted for the database.';
COMMENT ON COLUMN v1.sources.path IS 'Its path below the resource''s folder.';
COMMENT ON COLUMN v1.sources.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.sources.patch_path IS 'The file with its properties.';
COMMENT ON COLUMN v1.sources.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.sources.description IS 'Its description.';
COMMENT ON COLUMN v1.sources.language IS 'sql or python.';
COMMENT ON COLUMN v1.sources.materialized IS 'Its materialization.';
COMMENT ON COLUMN v1.sources.tags IS 'Its tags.';
COMMENT ON COLUMN v1.sources.meta IS 'Its meta.';
COMMENT ON COLUMN v1.sources.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.sources.owner IS 'The owner of an exposure or group; else meta.owner; else the owner of its group.';
COMMENT ON COLUMN v1.sources.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.sources.access IS 'private, protected or public; a model is protected unless it says otherwise.';
COMMENT ON COLUMN v1.sources.is_contract_enforced IS 'Whether a model''s contract is enforced.';
COMMENT ON COLUMN v1.sources.version IS 'The version of a versioned model.';
COMMENT ON COLUMN v1.sources.latest_version IS 'The latest version of a versioned model.';
COMMENT ON COLUMN v1.sources.deprecation_date IS 'When a model is to go, UTC.';
COMMENT ON COLUMN v1.sources.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.sources.raw_code IS 'The code as written; of a macro its SQL, of a doc its text.';
COMMENT ON COLUMN v1.sources.compiled_code IS 'The last compiled code of this definition in this environment.';
COMMENT ON COLUMN v1.sources.checksum IS 'dbt''s checksum of the file; it differs between versions of dbt.';
COMMENT ON COLUMN v1.sources.depends_on_nodes IS 'The unique_ids of its parents.';
COMMENT ON COLUMN v1.sources.depends_on_macros IS 'The macros that it uses; complete only once dbt has compiled it.';
COMMENT ON COLUMN v1.sources.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.sources.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.sources.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.sources.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.sources.last_invocation_id IS 'The invocation of its last execution.';
COMMENT ON COLUMN v1.sources.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.sources.last_success_invocation_id IS 'The invocation of its last execution of class success or warn.';
COMMENT ON COLUMN v1.sources.last_success_at IS 'When that execution was completed, UTC.';
COMMENT ON COLUMN v1.sources.last_execution_seconds IS 'How long its last execution took.';
COMMENT ON COLUMN v1.sources.last_command IS 'The command of its last execution.';
COMMENT ON COLUMN v1.sources.last_run_generated_at IS 'When the run_results of its last execution was written, UTC.';
COMMENT ON COLUMN v1.sources.is_failing IS 'Whether its last execution failed.';
COMMENT ON COLUMN v1.sources.source_name IS 'The source that the table belongs to.';
COMMENT ON COLUMN v1.sources.source_description IS 'The description of that source.';
COMMENT ON COLUMN v1.sources.identifier IS 'The table''s name in the database.';
COMMENT ON COLUMN v1.sources.loader IS 'What loads it.';
COMMENT ON COLUMN v1.sources.loaded_at_field IS 'The column that says when a row was loaded.';
COMMENT ON COLUMN v1.sources.warn_after_seconds IS 'The age that warns, as declared.';
COMMENT ON COLUMN v1.sources.error_after_seconds IS 'The age that fails, as declared.';
COMMENT ON COLUMN v1.sources.freshness_filter IS 'The filter of the freshness check.';
COMMENT ON COLUMN v1.sources.is_freshness_checked IS 'Whether its freshness was ever checked.';
COMMENT ON COLUMN v1.sources.freshness_status IS 'dbt''s word for its last freshness check.';
COMMENT ON COLUMN v1.sources.max_loaded_at IS 'Its newest row at that check, UTC.';
COMMENT ON COLUMN v1.sources.snapshotted_at IS 'When that check looked, UTC.';
COMMENT ON COLUMN v1.sources.max_loaded_at_age_seconds IS 'The age of its newest row then.';
COMMENT ON COLUMN v1.sources.catalog_type IS 'The relation''s type in the database.';
COMMENT ON COLUMN v1.sources.row_count IS 'How many rows it has, by the latest catalog that counts.';
COMMENT ON COLUMN v1.sources.size_bytes IS 'How large it is, by the latest catalog that measures.';
COMMENT ON COLUMN v1.sources.catalog_owner IS 'The relation''s owner in the database.';
COMMENT ON COLUMN v1.sources.column_count IS 'How many columns it has, declared or catalogued.';
COMMENT ON COLUMN v1.sources.test_count IS 'How many enabled tests it has.';
COMMENT ON COLUMN v1.sources.failing_test_count IS 'How many of them failed when they were last executed.';
