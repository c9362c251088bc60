-- The nodes of the current manifests that are relations, with what catalogs and tests say of them.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.catalogued_nodes AS
WITH column_counts AS (
    SELECT project_name, environment, unique_id, count(*) AS column_count
    FROM v1.columns
    GROUP BY project_name, environment, unique_id
),

tests AS (
    SELECT
        project_name,
        environment,
        unique_id,
        CAST(sum(test_count) AS BIGINT) AS test_count,
        CAST(sum(failing_test_count) AS BIGINT) AS failing_test_count
    FROM internal.test_counts
    GROUP BY project_name, environment, unique_id
)

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
    nodes.extra,
    relations.catalog_type,
    relations.catalog_owner,
    sizes.row_count,
    sizes.size_bytes,
    coalesce(column_counts.column_count, 0) AS column_count,
    coalesce(tests.test_count, 0) AS test_count,
    coalesce(tests.failing_test_count, 0) AS failing_test_count
FROM internal.described_nodes AS nodes
LEFT JOIN internal.current_relations AS relations
    ON relations.project_name IS NOT DISTINCT FROM nodes.project_name
    AND relations.environment = nodes.environment
    AND relations.unique_id = nodes.unique_id
LEFT JOIN internal.relation_sizes AS sizes
    ON sizes.project_name IS NOT DISTINCT FROM nodes.project_name
    AND sizes.environment = nodes.environment
    AND sizes.unique_id = nodes.unique_id
LEFT JOIN column_counts
    ON column_counts.project_name IS NOT DISTINCT FROM nodes.project_name
    AND column_counts.environment = nodes.environment
    AND column_counts.unique_id = nodes.unique_id
LEFT JOIN tests
    ON tests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND tests.environment = nodes.environment
    AND tests.unique_id = nodes.unique_id
WHERE nodes.resource_type IN ('model', 'seed', 'snapshot', 'source');

COMMENT ON VIEW internal.catalogued_nodes IS 'One row per model, seed, snapshot and source of a current manifest.';
