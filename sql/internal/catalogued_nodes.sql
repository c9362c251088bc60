-- The relations among the nodes of the current manifests, with what catalogs and tests say of them.
-- grain: project_name, environment, unique_id
--
-- v1.models, v1.seeds and v1.snapshots have all its columns: a new column here is a new column there.
CREATE OR REPLACE VIEW internal.catalogued_nodes AS
-- Read once for the nodes and for their tests.
WITH last_executions AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        invocation_id,
        command,
        generated_at,
        status,
        execution_seconds,
        error,
        completed_at,
        last_success_at,
        last_success_invocation_id,
        is_failing
    FROM internal.last_executions
),

tests AS (
    SELECT
        tests.project_name,
        tests.environment,
        tests.unique_id,
        count(*) AS test_count,
        count(*) FILTER (WHERE last.is_failing) AS failing_test_count
    FROM internal.node_tests AS tests
    LEFT JOIN last_executions AS last
        ON last.project_name IS NOT DISTINCT FROM tests.project_name
        AND last.environment = tests.environment
        AND last.unique_id = tests.test_unique_id
    GROUP BY tests.project_name, tests.environment, tests.unique_id
),

column_counts AS (
    SELECT project_name, environment, unique_id, count(*) AS column_count
    FROM internal.described_columns
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
    last.status AS last_status,
    last.error AS last_error,
    last.invocation_id AS last_invocation_id,
    last.completed_at AS last_executed_at,
    last.last_success_invocation_id,
    last.last_success_at,
    last.execution_seconds AS last_execution_seconds,
    last.command AS last_command,
    last.generated_at AS last_run_generated_at,
    coalesce(last.is_failing, FALSE) AS is_failing,
    relations.catalog_type,
    relations.catalog_owner,
    sizes.row_count,
    sizes.size_bytes,
    coalesce(column_counts.column_count, 0) AS column_count,
    coalesce(tests.test_count, 0) AS test_count,
    coalesce(tests.failing_test_count, 0) AS failing_test_count,
    nodes.other_fields AS extra,
    relations.catalog_comment,
    relations.catalog_extra
FROM internal.defined_nodes AS nodes
LEFT JOIN last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last.environment = nodes.environment
    AND last.unique_id = nodes.unique_id
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
