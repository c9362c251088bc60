-- All about one node, in each project and environment that has it: what it is and who owns it, how it last ran, its
-- times and tests, what it reads and what reads it, its last changes, and the exposures that a fault of it would reach.
-- parameters: $unique_id, $project, $environment
-- grain: project_name, environment
WITH nodes AS (
    SELECT *
    FROM v1.nodes
    WHERE unique_id = $unique_id
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
),

times AS (
    SELECT *
    FROM v1.node_execution_times
    WHERE unique_id = $unique_id
),

rates AS (
    SELECT *
    FROM v1.node_success_rates
    WHERE unique_id = $unique_id
),

incidents AS (
    SELECT project_name, environment, max(opened_at) AS failing_since_at
    FROM v1.failure_incidents
    WHERE unique_id = $unique_id AND is_open
    GROUP BY project_name, environment
),

parents AS (
    SELECT project_name, environment, list(parent_unique_id ORDER BY parent_unique_id) AS unique_ids
    FROM v1.node_edges
    WHERE child_unique_id = $unique_id
    GROUP BY project_name, environment
),

children AS (
    SELECT project_name, environment, list(child_unique_id ORDER BY child_unique_id) AS unique_ids
    FROM v1.node_edges
    WHERE parent_unique_id = $unique_id AND child_resource_type NOT IN ('test', 'unit_test')
    GROUP BY project_name, environment
),

tests AS (
    SELECT
        tests.project_name,
        tests.environment,
        list(
            tests.name || ': ' || coalesce(tests.last_status, 'never executed')
            ORDER BY coalesce(tests.is_failing, FALSE) DESC, coalesce(tests.last_status = 'warn', FALSE) DESC, tests.name
        ) AS texts
    FROM v1.tests AS tests
    INNER JOIN v1.node_edges AS edges
        ON edges.project_name IS NOT DISTINCT FROM tests.project_name
        AND edges.environment = tests.environment
        AND edges.child_unique_id = tests.unique_id
    WHERE edges.parent_unique_id = $unique_id
    GROUP BY tests.project_name, tests.environment
),

exposed AS (
    SELECT project_name, environment, list(unique_id ORDER BY unique_id) AS unique_ids
    FROM v1.descendants_of($unique_id)
    WHERE resource_type = 'exposure'
    GROUP BY project_name, environment
),

numbered_changes AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY project_name, environment ORDER BY valid_from DESC) AS number
    FROM v1.definitions
    WHERE unique_id = $unique_id AND previous_definition_id IS NOT NULL
),

changes AS (
    SELECT
        project_name,
        environment,
        list(
            strftime(valid_from, '%Y-%m-%d %H:%M') || coalesce(' ' || array_to_string(changed_fields, ', '), '')
            ORDER BY valid_from DESC
        ) AS texts
    FROM numbered_changes
    WHERE number <= 5
    GROUP BY project_name, environment
),

checks AS (
    SELECT
        project_name,
        environment,
        arg_max_null(status, coalesce(snapshotted_at, generated_at)) AS freshness_status,
        arg_max_null(max_loaded_at, coalesce(snapshotted_at, generated_at)) AS max_loaded_at,
        max(coalesce(snapshotted_at, generated_at)) AS checked_at
    FROM v1.source_freshness
    WHERE unique_id = $unique_id
    GROUP BY project_name, environment
),

slower AS (
    SELECT project_name, environment, max(slowdown_ratio) AS slowdown_ratio
    FROM v1.execution_time_regressions
    WHERE unique_id = $unique_id AND ended_at IS NULL
    GROUP BY project_name, environment
)

SELECT
    nodes.name,
    nodes.resource_type,
    nodes.environment,
    nodes.unique_id,
    nodes.description,
    nodes.owner,
    nodes.materialized,
    nodes.relation_name,
    nodes.original_file_path,
    nodes.tags,
    nodes.access,
    nodes.last_status,
    nodes.last_executed_at,
    nodes.last_error,
    incidents.failing_since_at,
    nodes.last_success_at,
    checks.freshness_status,
    checks.max_loaded_at AS last_loaded_at,
    checks.checked_at,
    rates.executed_count,
    rates.failure_count,
    rates.success_rate,
    nodes.last_execution_seconds AS last_seconds,
    times.execution_seconds_median AS median_seconds,
    times.execution_seconds_p95 AS p95_seconds,
    slower.slowdown_ratio AS slower_ratio,
    parents.unique_ids AS reads,
    children.unique_ids AS read_by,
    tests.texts AS tests,
    changes.texts AS last_changes,
    exposed.unique_ids AS exposure_unique_ids,
    nodes.last_invocation_id,
    nodes.last_success_invocation_id,
    nodes.is_enabled,
    nodes.meta,
    nodes.config,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.project_name
FROM nodes
LEFT JOIN times
    ON times.project_name IS NOT DISTINCT FROM nodes.project_name AND times.environment = nodes.environment
LEFT JOIN rates
    ON rates.project_name IS NOT DISTINCT FROM nodes.project_name AND rates.environment = nodes.environment
LEFT JOIN incidents
    ON incidents.project_name IS NOT DISTINCT FROM nodes.project_name AND incidents.environment = nodes.environment
LEFT JOIN parents
    ON parents.project_name IS NOT DISTINCT FROM nodes.project_name AND parents.environment = nodes.environment
LEFT JOIN children
    ON children.project_name IS NOT DISTINCT FROM nodes.project_name AND children.environment = nodes.environment
LEFT JOIN tests
    ON tests.project_name IS NOT DISTINCT FROM nodes.project_name AND tests.environment = nodes.environment
LEFT JOIN exposed
    ON exposed.project_name IS NOT DISTINCT FROM nodes.project_name AND exposed.environment = nodes.environment
LEFT JOIN changes
    ON changes.project_name IS NOT DISTINCT FROM nodes.project_name AND changes.environment = nodes.environment
LEFT JOIN checks
    ON checks.project_name IS NOT DISTINCT FROM nodes.project_name AND checks.environment = nodes.environment
LEFT JOIN slower
    ON slower.project_name IS NOT DISTINCT FROM nodes.project_name AND slower.environment = nodes.environment
ORDER BY rates.executed_count DESC NULLS LAST, nodes.project_name, nodes.environment
