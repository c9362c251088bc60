-- Every node of the current manifests with everything that is known of it: v1.nodes and v1.tests select from it.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.described_nodes AS
WITH group_owners AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        definitions.package_name,
        nodes.name,
        any_value(coalesce(definitions.owner ->> 'name', definitions.owner ->> 'email')) AS owner
    FROM internal.current_nodes AS nodes
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
    WHERE nodes.resource_type = 'group'
    GROUP BY nodes.project_name, nodes.environment, definitions.package_name, nodes.name
),

-- The last time that each node succeeded or warned.
success_times AS (
    SELECT project_name, environment, unique_id, max(completed_at) AS completed_at
    FROM internal.classified_executions
    WHERE status_class IN ('success', 'warn')
    GROUP BY project_name, environment, unique_id
),

last_successes AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.completed_at,
        max(executions.invocation_id) AS invocation_id
    FROM internal.classified_executions AS executions
    INNER JOIN success_times
        ON success_times.project_name IS NOT DISTINCT FROM executions.project_name
        AND success_times.environment = executions.environment
        AND success_times.unique_id = executions.unique_id
        AND success_times.completed_at = executions.completed_at
    WHERE executions.status_class IN ('success', 'warn')
    GROUP BY executions.project_name, executions.environment, executions.unique_id, executions.completed_at
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    definitions.package_name,
    nodes.name,
    renderings.alias,
    renderings.database_name,
    renderings.schema_name,
    renderings.relation_name,
    definitions.path,
    definitions.original_file_path,
    definitions.patch_path,
    definitions.fqn,
    definitions.description,
    coalesce(
        definitions.language,
        CASE
            WHEN nodes.resource_type IN (
                'model', 'seed', 'snapshot', 'test', 'analysis', 'operation', 'sql operation', 'function', 'macro'
            )
                THEN 'sql'
        END
    ) AS language,
    nodes.materialized,
    definitions.tags,
    definitions.meta,
    coalesce(CAST(configs.text AS JSON), definitions.config) AS config,
    coalesce(
        definitions.owner ->> 'name',
        definitions.owner ->> 'email',
        definitions.meta ->> 'owner',
        group_owners.owner
    ) AS owner,
    definitions.group_name,
    coalesce(definitions.access, CASE WHEN nodes.resource_type = 'model' THEN 'protected' END) AS access,
    coalesce(definitions.is_contract_enforced, CASE WHEN nodes.resource_type = 'model' THEN FALSE END)
        AS is_contract_enforced,
    definitions.version,
    definitions.latest_version,
    definitions.deprecation_date,
    nodes.is_enabled,
    raw_codes.text AS raw_code,
    compiled_codes.text AS compiled_code,
    renderings.checksum,
    nodes.depends_on_nodes,
    renderings.depends_on_macros,
    nodes.definition_id,
    nodes.manifest_generated_at,
    last.status AS last_status,
    CASE WHEN last.status_class = 'failure' THEN last.message END AS last_error,
    last.invocation_id AS last_invocation_id,
    last.completed_at AS last_executed_at,
    last_successes.invocation_id AS last_success_invocation_id,
    last_successes.completed_at AS last_success_at,
    last.execution_seconds AS last_execution_seconds,
    last.command AS last_command,
    last.generated_at AS last_run_generated_at,
    definitions.test_type,
    definitions.test_name,
    definitions.test_namespace,
    definitions.kwargs,
    definitions.column_name,
    definitions.tested_unique_id,
    definitions.severity,
    definitions.warn_if,
    definitions.error_if,
    last.failures AS last_failures,
    coalesce(counts.last_skipped_at > coalesce(last.completed_at, TIMESTAMP '0001-01-01'), FALSE) AS is_skipped,
    coalesce(last.status_class = 'failure', FALSE) AS is_failing,
    definitions.owner ->> 'name' AS owner_name,
    definitions.owner ->> 'email' AS owner_email,
    definitions.extra
FROM internal.current_nodes AS nodes
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN stored.renderings AS renderings ON renderings.rendering_id = nodes.rendering_id
LEFT JOIN stored.texts AS configs ON configs.text_id = renderings.config_id
LEFT JOIN stored.texts AS raw_codes ON raw_codes.text_id = definitions.raw_code_id
LEFT JOIN internal.last_compilations AS compilations
    ON compilations.project_name IS NOT DISTINCT FROM nodes.project_name
    AND compilations.environment = nodes.environment
    AND compilations.definition_id = nodes.definition_id
LEFT JOIN stored.texts AS compiled_codes ON compiled_codes.text_id = compilations.compiled_code_id
LEFT JOIN group_owners
    ON group_owners.project_name IS NOT DISTINCT FROM nodes.project_name
    AND group_owners.environment = nodes.environment
    AND group_owners.package_name = definitions.package_name
    AND group_owners.name = definitions.group_name
LEFT JOIN internal.last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last.environment = nodes.environment
    AND last.unique_id = nodes.unique_id
LEFT JOIN internal.execution_counts AS counts
    ON counts.project_name IS NOT DISTINCT FROM nodes.project_name
    AND counts.environment = nodes.environment
    AND counts.unique_id = nodes.unique_id
LEFT JOIN last_successes
    ON last_successes.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last_successes.environment = nodes.environment
    AND last_successes.unique_id = nodes.unique_id;

COMMENT ON VIEW internal.described_nodes IS 'One row per node of a current manifest.';
