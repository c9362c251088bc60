-- The nodes of runs: as each run's manifest defines them, each with its last result in the run. Results of commands that
-- execute nothing are none. Without unique_ids, all nodes; with tested ones, the tests of these nodes.
-- parameters: $run_ids, $unique_ids, $tested_ids, $types
-- tables: runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, artifact_key BIGINT, invocation_id VARCHAR, command VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, generated_at TIMESTAMP, elapsed_seconds DOUBLE, args JSON, graph_id VARCHAR, rendering_set_id VARCHAR, dbt_version VARCHAR, is_executing BOOLEAN), environments (environment_id BIGINT, project_id BIGINT), fields (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, source_name VARCHAR, source_description VARCHAR, loader VARCHAR, identifier VARCHAR, exposure_type VARCHAR, label VARCHAR, maturity VARCHAR, url VARCHAR, owner_name VARCHAR, owner_email VARCHAR, type VARCHAR, macro_sql VARCHAR, metric_expression VARCHAR, calculation_method VARCHAR, metric_dimensions VARCHAR[], time_grains VARCHAR[], timestamp VARCHAR, model_unique_id VARCHAR, filters JSON), catalogs (environment_id BIGINT, unique_id VARCHAR, type VARCHAR, owner VARCHAR, comment VARCHAR), freshness (environment_id BIGINT, unique_id VARCHAR, criteria JSON)
-- grain: run_id, unique_id
WITH members AS (
    SELECT run_id, job_id, environment_id, artifact_key, invocation_id, command, generated_at, elapsed_seconds, args
    FROM runs
    WHERE run_id IN (SELECT unnest(CAST($run_ids AS BIGINT[])))
),

manifests AS (
    SELECT
        run_id,
        any_value(job_id) AS job_id,
        any_value(environment_id) AS environment_id,
        any_value(project_name) AS project_name,
        any_value(environment) AS environment,
        arg_max(graph_id, generated_at) AS graph_id,
        arg_max(rendering_set_id, generated_at) AS rendering_set_id,
        arg_max(dbt_version, generated_at) AS dbt_version,
        max(generated_at) AS generated_at
    FROM runs
    WHERE run_id IN (SELECT unnest(CAST($run_ids AS BIGINT[])))
    GROUP BY run_id
),

results AS (
    SELECT
        members.run_id,
        members.generated_at AS run_generated_at,
        members.elapsed_seconds AS run_elapsed_time,
        members.invocation_id,
        CAST(members.args AS VARCHAR) AS args,
        executions.unique_id,
        executions.status,
        executions.word_class,
        executions.execution_seconds,
        executions.compile_started_at,
        executions.compile_completed_at,
        executions.execute_started_at,
        executions.execute_completed_at,
        executions.thread_id,
        executions.message,
        executions.compiled_code_id
    FROM members
    INNER JOIN internal.classified_executions AS executions ON executions.artifact_key = members.artifact_key
    WHERE executions.is_counted
        AND ($unique_ids IS NULL OR executions.unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[]))))
    QUALIFY row_number() OVER (PARTITION BY members.run_id, executions.unique_id ORDER BY executions.recency DESC) = 1
),

checks AS (
    SELECT
        members.run_id,
        members.generated_at AS run_generated_at,
        members.elapsed_seconds AS run_elapsed_time,
        checks.unique_id,
        lower(checks.status) AS status,
        checks.max_loaded_at,
        checks.snapshotted_at,
        checks.max_loaded_at_age_seconds
    FROM members
    INNER JOIN v1.source_freshness AS checks ON checks.invocation_id = members.invocation_id
    WHERE members.command = 'source freshness'
    QUALIFY row_number() OVER (
        PARTITION BY members.run_id, checks.unique_id ORDER BY coalesce(checks.snapshotted_at, checks.generated_at) DESC
    ) = 1
),

rendered AS (
    SELECT members.set_id, renderings.*
    FROM stored.set_members AS members
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    WHERE members.set_id IN (SELECT rendering_set_id FROM manifests)
)

SELECT
    manifests.run_id,
    manifests.job_id,
    manifests.environment_id,
    manifests.environment AS environment_name,
    environments.project_id,
    0 AS account_id,
    nodes.unique_id,
    nodes.resource_type,
    CASE nodes.resource_type
        WHEN 'unit_test' THEN 'Test'
        ELSE upper(nodes.resource_type[1]) || nodes.resource_type[2:]
    END AS node_type,
    nodes.name,
    coalesce(definitions.description, '') AS description,
    coalesce(definitions.tags, []) AS tags,
    coalesce(definitions.meta, '{}') AS meta,
    manifests.dbt_version,
    nodes.package_name,
    [nodes.package_name] AS packages,
    definitions.path,
    definitions.original_file_path,
    definitions.language,
    definitions.access,
    definitions.group_name AS dbt_group,
    coalesce(definitions.tested_unique_id, definitions.depends_on_nodes[1]) AS tested_unique_id,
    definitions.column_name,
    rendered.alias,
    rendered.database_name AS database,
    rendered.schema_name AS schema,
    coalesce(fields.identifier, rendered.alias, nodes.name) AS identifier,
    nodes.materialized AS materialized_type,
    coalesce(nodes.depends_on_nodes, []) AS parent_nodes,
    list_concat(coalesce(nodes.depends_on_nodes, []), coalesce(rendered.depends_on_macros, [])) AS depends_on,
    raw_codes.text AS raw_code,
    raw_codes.text AS raw_sql,
    compiled_codes.text AS compiled_code,
    compiled_codes.text AS compiled_sql,
    coalesce(fields.type, catalogs.type) AS type,
    coalesce(catalogs.owner, definitions.meta ->> 'owner') AS owner,
    catalogs.comment,
    CASE nodes.resource_type WHEN 'source' THEN checks.status ELSE lower(results.status) END AS state,
    results.status,
    results.word_class = 'failure' AS fail,
    results.word_class = 'warn' AS warn,
    CASE WHEN results.status IS NOT NULL THEN results.word_class = 'skipped' END AS skip,
    CASE WHEN results.word_class = 'failure' THEN results.message END AS error,
    coalesce(results.run_generated_at, checks.run_generated_at, manifests.generated_at) AS run_generated_at,
    coalesce(results.run_elapsed_time, checks.run_elapsed_time) AS run_elapsed_time,
    results.execution_seconds AS execution_time,
    results.compile_started_at,
    results.compile_completed_at,
    results.execute_started_at,
    results.execute_completed_at,
    results.thread_id,
    results.invocation_id,
    results.args,
    checks.unique_id IS NOT NULL AS freshness_checked,
    checks.max_loaded_at,
    checks.snapshotted_at,
    checks.max_loaded_at_age_seconds AS max_loaded_at_time_ago_in_s,
    coalesce(freshness.criteria, '{}') AS criteria,
    fields.source_name,
    fields.source_description,
    fields.loader,
    fields.exposure_type,
    fields.label,
    fields.maturity,
    fields.url,
    fields.owner_name,
    fields.owner_email,
    fields.macro_sql,
    manifests.generated_at AS manifest_generated_at,
    fields.metric_expression AS expression,
    fields.calculation_method,
    coalesce(fields.metric_dimensions, []) AS dimensions,
    fields.time_grains,
    fields.timestamp,
    fields.model_unique_id,
    coalesce(fields.filters, '[]') AS filters
FROM manifests
INNER JOIN environments ON environments.environment_id = manifests.environment_id
INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = manifests.graph_id
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN rendered
    ON rendered.set_id = manifests.rendering_set_id
    AND rendered.definition_id = nodes.definition_id
LEFT JOIN results ON results.run_id = manifests.run_id AND results.unique_id = nodes.unique_id
LEFT JOIN checks ON checks.run_id = manifests.run_id AND checks.unique_id = nodes.unique_id
LEFT JOIN stored.texts AS raw_codes ON raw_codes.text_id = definitions.raw_code_id
LEFT JOIN stored.texts AS compiled_codes
    ON compiled_codes.text_id = coalesce(results.compiled_code_id, rendered.compiled_code_id)
LEFT JOIN fields
    ON fields.project_name IS NOT DISTINCT FROM manifests.project_name
    AND fields.environment = manifests.environment
    AND fields.unique_id = nodes.unique_id
LEFT JOIN catalogs ON catalogs.environment_id = manifests.environment_id AND catalogs.unique_id = nodes.unique_id
LEFT JOIN freshness ON freshness.environment_id = manifests.environment_id AND freshness.unique_id = nodes.unique_id
WHERE nodes.is_enabled
    AND nodes.resource_type IN (SELECT unnest(CAST($types AS VARCHAR[])))
    AND ($unique_ids IS NULL OR nodes.unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[]))))
    AND (
        $tested_ids IS NULL
        OR coalesce(definitions.tested_unique_id, definitions.depends_on_nodes[1])
        IN (SELECT unnest(CAST($tested_ids AS VARCHAR[])))
    )
ORDER BY manifests.generated_at DESC, manifests.run_id, nodes.unique_id
