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
    definitions.extra ->> '$.source_name' AS source_name,
    definitions.extra ->> '$.source_description' AS source_description,
    definitions.extra ->> '$.identifier' AS identifier,
    definitions.extra ->> '$.loader' AS loader,
    definitions.extra ->> '$.loaded_at_field' AS loaded_at_field,
    CAST(TRY_CAST(definitions.extra ->> '$.freshness.warn_after.count' AS BIGINT) AS DOUBLE)
    * CASE definitions.extra ->> '$.freshness.warn_after.period'
        WHEN 'minute' THEN 60
        WHEN 'hour' THEN 3600
        WHEN 'day' THEN 86400
    END AS warn_after_seconds,
    CAST(TRY_CAST(definitions.extra ->> '$.freshness.error_after.count' AS BIGINT) AS DOUBLE)
    * CASE definitions.extra ->> '$.freshness.error_after.period'
        WHEN 'minute' THEN 60
        WHEN 'hour' THEN 3600
        WHEN 'day' THEN 86400
    END AS error_after_seconds,
    definitions.extra ->> '$.freshness.filter' AS freshness_filter,
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
    nodes.failing_test_count,
    nodes.extra,
    nodes.catalog_comment,
    nodes.catalog_extra,
    TRY_CAST(definitions.extra ->> '$.freshness.warn_after.count' AS BIGINT) AS warn_after_count,
    definitions.extra ->> '$.freshness.warn_after.period' AS warn_after_period,
    TRY_CAST(definitions.extra ->> '$.freshness.error_after.count' AS BIGINT) AS error_after_count,
    definitions.extra ->> '$.freshness.error_after.period' AS error_after_period
FROM internal.catalogued_nodes AS nodes
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN internal.last_freshness AS checks
    ON checks.project_name IS NOT DISTINCT FROM nodes.project_name
    AND checks.environment = nodes.environment
    AND checks.unique_id = nodes.unique_id
WHERE nodes.resource_type = 'source';

COMMENT ON VIEW v1.sources IS 'One row per source table of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.sources.source_name IS 'The source that the table belongs to.';
COMMENT ON COLUMN v1.sources.source_description IS 'The description of the source that the table belongs to.';
COMMENT ON COLUMN v1.sources.identifier IS 'The table''s name in the database.';
COMMENT ON COLUMN v1.sources.loader IS 'The tool that loads it.';
COMMENT ON COLUMN v1.sources.loaded_at_field IS 'The column that says when a row was loaded.';
COMMENT ON COLUMN v1.sources.warn_after_seconds IS 'The age at which a check warns, as declared.';
COMMENT ON COLUMN v1.sources.error_after_seconds IS 'The age at which a check fails, as declared.';
COMMENT ON COLUMN v1.sources.warn_after_count IS 'How many periods make the age at which a check warns, as declared: 24 hours are not one day.';
COMMENT ON COLUMN v1.sources.warn_after_period IS 'minute, hour or day.';
COMMENT ON COLUMN v1.sources.error_after_count IS 'How many periods make the age at which a check fails, as declared.';
COMMENT ON COLUMN v1.sources.error_after_period IS 'minute, hour or day.';
COMMENT ON COLUMN v1.sources.freshness_filter IS 'The filter of the freshness check.';
COMMENT ON COLUMN v1.sources.is_freshness_checked IS 'Whether its freshness was ever checked.';
COMMENT ON COLUMN v1.sources.freshness_status IS 'dbt''s status of its last freshness check.';
COMMENT ON COLUMN v1.sources.max_loaded_at IS 'When its newest row at the last check was loaded, UTC.';
COMMENT ON COLUMN v1.sources.snapshotted_at IS 'When the last check was made, UTC.';
COMMENT ON COLUMN v1.sources.max_loaded_at_age_seconds IS 'The age of its newest row at the last check.';
