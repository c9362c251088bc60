-- Every enabled node of the current manifests. Its columns are the fields of the GraphQL types, in snake case.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), runs (run_id BIGINT, job_id BIGINT, invocation_id VARCHAR, generated_at TIMESTAMP), fields (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, source_name VARCHAR, source_description VARCHAR, loader VARCHAR, identifier VARCHAR, exposure_type VARCHAR, label VARCHAR, maturity VARCHAR, url VARCHAR, owner_name VARCHAR, owner_email VARCHAR, type VARCHAR, formula VARCHAR, filter JSON, type_params JSON, entities JSON, dimensions JSON, measures JSON, query_params JSON, exports JSON, macro_sql VARCHAR, arguments JSON, test_type VARCHAR, test_name VARCHAR, test_namespace VARCHAR, kwargs JSON, column_name VARCHAR, tested_node_unique_id VARCHAR, model VARCHAR, given JSON, expect JSON, overrides JSON, this_input_node_unique_id VARCHAR), relations (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, column_count BIGINT, row_count BIGINT)
-- grain: environment_id, unique_id
WITH manifests AS (
    SELECT
        project_name,
        environment,
        arg_max(dbt_version, generated_at) AS dbt_version,
        arg_max(invocation_id, generated_at) AS invocation_id
    FROM v1.artifacts
    WHERE kind = 'manifest' AND status = 'loaded'
    GROUP BY project_name, environment
),

writers AS (
    SELECT
        invocation_id,
        arg_max(run_id, generated_at) AS run_id,
        arg_max(job_id, generated_at) AS job_id
    FROM runs
    GROUP BY invocation_id
),

layers AS (
    SELECT
        nodes.*,
        concat('/', lower(coalesce(nodes.original_file_path, '')), '/') AS folders,
        lower(split_part(nodes.name, '_', 1)) AS prefix
    FROM v1.nodes AS nodes
    WHERE nodes.is_enabled
)

SELECT
    environments.environment_id,
    environments.project_id,
    0 AS account_id,
    nodes.unique_id,
    nodes.resource_type,
    CASE nodes.resource_type
        WHEN 'unit_test' THEN 'Test'
        WHEN 'saved_query' THEN 'SavedQuery'
        WHEN 'semantic_model' THEN 'SemanticModel'
        ELSE upper(nodes.resource_type[1]) || nodes.resource_type[2:]
    END AS node_type,
    nodes.name,
    coalesce(nodes.description, '') AS description,
    coalesce(nodes.original_file_path, '') AS file_path,
    coalesce(nodes.fqn, []) AS fqn,
    coalesce(nodes.tags, []) AS tags,
    coalesce(nodes.meta, '{}') AS meta,
    nodes.package_name,
    [nodes.package_name] AS packages,
    nodes.patch_path,
    nodes.alias,
    nodes.database_name AS database,
    nodes.schema_name AS schema,
    coalesce(fields.identifier, nodes.alias, nodes.name) AS identifier,
    nodes.relation_name,
    nodes.group_name AS "group",
    nodes.access,
    nodes.version,
    nodes.latest_version,
    CASE
        WHEN nodes.version IS NULL THEN 'none'
        WHEN nodes.version = nodes.latest_version THEN 'latest'
        WHEN TRY_CAST(nodes.version AS DOUBLE) > TRY_CAST(nodes.latest_version AS DOUBLE) THEN 'prerelease'
        ELSE 'old'
    END AS release_version,
    nodes.is_contract_enforced AS contract_enforced,
    nodes.materialized AS materialized_type,
    nodes.materialized AS materialization_type,
    nodes.language,
    nodes.raw_code,
    nodes.compiled_code,
    nodes.config,
    nodes.deprecation_date,
    coalesce(nodes.extra -> 'constraints', '[]') AS constraints,
    CASE
        WHEN nodes.resource_type <> 'model' THEN NULL
        WHEN contains(nodes.folders, '/staging/') OR nodes.prefix IN ('stg', 'base') THEN 'staging'
        WHEN contains(nodes.folders, '/intermediate/') OR nodes.prefix = 'int' THEN 'intermediate'
        WHEN contains(nodes.folders, '/marts/') OR nodes.prefix IN ('fct', 'dim', 'mart') THEN 'marts'
    END AS modeling_layer,
    coalesce(nodes.depends_on_nodes, []) AS parent_nodes,
    list_concat(coalesce(nodes.depends_on_nodes, []), coalesce(nodes.depends_on_macros, [])) AS parent_ids,
    coalesce(nodes.depends_on_macros, []) AS parent_macros,
    list_filter(coalesce(nodes.depends_on_nodes, []), lambda id : split_part(id, '.', 1) = 'model' AND split_part(id, '.', 2) <> nodes.package_name)
        AS public_parent_ids,
    nodes.manifest_generated_at,
    nodes.manifest_generated_at AS run_generated_at,
    manifests.dbt_version,
    writers.run_id,
    writers.job_id,
    writers.job_id AS job_definition_id,
    fields.source_name,
    fields.source_description,
    fields.loader,
    fields.exposure_type,
    fields.label,
    fields.maturity,
    fields.url,
    fields.owner_name,
    fields.owner_email,
    fields.type,
    fields.formula,
    fields.filter,
    fields.type_params,
    coalesce(fields.entities, '[]') AS entities,
    coalesce(fields.dimensions, '[]') AS dimensions,
    coalesce(fields.measures, '[]') AS measures,
    coalesce(fields.query_params, '{}') AS query_params,
    coalesce(fields.exports, '[]') AS exports,
    coalesce(fields.macro_sql, '') AS macro_sql,
    coalesce(fields.arguments, '[]') AS arguments,
    CASE fields.test_type
        WHEN 'generic' THEN 'GENERIC_DATA_TEST'
        WHEN 'singular' THEN 'SINGULAR_DATA_TEST'
        WHEN 'unit' THEN 'UNIT_TEST'
    END AS test_type,
    json_object(
        'name', fields.test_name,
        'namespace', fields.test_namespace,
        'kwargs', fields.kwargs,
        'column_name', fields.column_name
    ) AS test_metadata,
    fields.column_name,
    fields.tested_node_unique_id,
    coalesce(split_part(fields.tested_node_unique_id, '.', 1), '') AS resource,
    fields.model,
    fields.given,
    json_array_length(fields.given) AS num_given,
    list_sum(json_array_length(fields.given, '$[*].rows')) AS num_given_rows,
    json_array_length(fields.expect, '$.rows') AS num_expect_rows,
    fields.expect,
    fields.overrides,
    fields.this_input_node_unique_id,
    relations.column_count,
    relations.row_count
FROM layers AS nodes
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM nodes.project_name
    AND environments.environment = nodes.environment
LEFT JOIN fields
    ON fields.project_name IS NOT DISTINCT FROM nodes.project_name
    AND fields.environment = nodes.environment
    AND fields.unique_id = nodes.unique_id
LEFT JOIN relations
    ON relations.project_name IS NOT DISTINCT FROM nodes.project_name
    AND relations.environment = nodes.environment
    AND relations.unique_id = nodes.unique_id
LEFT JOIN manifests
    ON manifests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND manifests.environment = nodes.environment
LEFT JOIN writers ON writers.invocation_id = manifests.invocation_id
WHERE nodes.resource_type IN (
    'model', 'seed', 'snapshot', 'source', 'test', 'unit_test', 'exposure', 'metric', 'semantic_model', 'saved_query',
    'macro', 'group'
)
