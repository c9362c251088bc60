-- Whether an exposure was fresh and tested at some times: a row for each time and condition, with the time of the result
-- that it rests on. Every model above it was built after the start of a time, and every test of what is above it that was
-- ever executed; the last results until its end did not fail, and the last freshness check of every checked source passed.
-- parameters: $project, $environment, $unique_id, $starts, $ends
-- grain: start_at, unique_id
WITH times AS (
    SELECT
        unnest(CAST($starts AS TIMESTAMP[])) AS start_at,
        unnest(CAST($ends AS TIMESTAMP[])) AS end_at
),

upstream AS (
    SELECT
        exposed.upstream_unique_id AS unique_id,
        exposed.upstream_resource_type AS resource_type,
        coalesce(nodes.materialized, '') AS materialized
    FROM internal.exposed_nodes AS exposed
    INNER JOIN v1.nodes AS nodes
        ON nodes.project_name IS NOT DISTINCT FROM exposed.project_name
        AND nodes.environment = exposed.environment
        AND nodes.unique_id = exposed.upstream_unique_id
    WHERE exposed.project_name IS NOT DISTINCT FROM $project
        AND exposed.environment = $environment
        AND exposed.unique_id = $unique_id
        AND nodes.is_enabled
),

tests AS (
    SELECT DISTINCT tests.unique_id
    FROM v1.tests AS tests
    INNER JOIN upstream ON list_contains(tests.depends_on_nodes, upstream.unique_id)
    WHERE tests.project_name IS NOT DISTINCT FROM $project AND tests.environment = $environment AND tests.is_enabled
),

needed AS (
    SELECT unique_id, 'model' AS kind
    FROM upstream
    WHERE resource_type = 'model' AND materialized <> 'ephemeral'
    UNION ALL
    SELECT unique_id, 'other' AS kind
    FROM upstream
    WHERE resource_type IN ('seed', 'snapshot')
    UNION ALL
    SELECT unique_id, 'test' AS kind
    FROM tests
),

results AS (
    SELECT
        unique_id,
        status_class,
        coalesce(greatest(compile_completed_at, execute_completed_at), run_generated_at) AS completed_at
    FROM v1.node_executions
    WHERE project_name IS NOT DISTINCT FROM $project AND environment = $environment AND is_executed
),

last_results AS (
    SELECT
        times.start_at,
        results.unique_id,
        max(results.completed_at) AS completed_at,
        arg_max(results.status_class, results.completed_at) AS status_class
    FROM results
    INNER JOIN times ON results.completed_at <= times.end_at
    GROUP BY times.start_at, results.unique_id
),

last_checks AS (
    SELECT
        times.start_at,
        checks.unique_id,
        max(coalesce(checks.snapshotted_at, checks.generated_at)) AS completed_at,
        arg_max(checks.status_class, coalesce(checks.snapshotted_at, checks.generated_at)) AS status_class
    FROM v1.source_freshness AS checks
    INNER JOIN upstream ON upstream.unique_id = checks.unique_id
    INNER JOIN times ON coalesce(checks.snapshotted_at, checks.generated_at) <= times.end_at
    WHERE checks.project_name IS NOT DISTINCT FROM $project
        AND checks.environment = $environment
    GROUP BY times.start_at, checks.unique_id
)

SELECT
    times.start_at,
    needed.unique_id,
    last.completed_at,
    CASE
        WHEN last.status_class = 'failure' THEN 'failed'
        WHEN needed.kind = 'model' AND (last.completed_at IS NULL OR last.completed_at <= times.start_at) THEN 'not built'
        WHEN needed.kind = 'test' AND last.completed_at <= times.start_at THEN 'not tested'
    END AS trouble
FROM needed
CROSS JOIN times
LEFT JOIN last_results AS last
    ON last.unique_id = needed.unique_id
    AND last.start_at = times.start_at
WHERE needed.kind = 'model' OR last.unique_id IS NOT NULL
UNION ALL
SELECT
    start_at,
    unique_id,
    completed_at,
    CASE WHEN status_class <> 'success' THEN 'not fresh' END AS trouble
FROM last_checks
ORDER BY start_at, unique_id
