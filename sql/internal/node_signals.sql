-- How the last build, the last tests and the last freshness check of every enabled node went.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.node_signals AS
-- Read once for the nodes and for their tests.
WITH last_executions AS MATERIALIZED (
    SELECT project_name, environment, unique_id, status_class, completed_at, last_success_at, is_failing, is_skipped
    FROM internal.last_executions
),

tests AS (
    SELECT
        tests.project_name,
        tests.environment,
        tests.unique_id,
        count(*) AS test_count,
        count(last.status_class) AS executed_test_count,
        count(*) FILTER (WHERE last.is_failing) AS failing_test_count,
        count(*) FILTER (WHERE last.status_class = 'warn') AS warned_test_count,
        max(last.completed_at) AS last_tested_at
    FROM internal.tested_nodes AS tests
    LEFT JOIN last_executions AS last
        ON last.project_name IS NOT DISTINCT FROM tests.project_name
        AND last.environment = tests.environment
        AND last.unique_id = tests.test_unique_id
    GROUP BY tests.project_name, tests.environment, tests.unique_id
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    nodes.materialized,
    coalesce(trim(nodes.description), '') <> '' AS is_described,
    clocks.as_of,
    last.completed_at AS last_executed_at,
    last.last_success_at,
    coalesce(last.is_failing, FALSE) AS is_failing,
    coalesce(last.is_skipped, FALSE) AS is_skipped,
    coalesce(tests.test_count, 0) AS test_count,
    coalesce(tests.executed_test_count, 0) AS executed_test_count,
    coalesce(tests.failing_test_count, 0) AS failing_test_count,
    coalesce(tests.warned_test_count, 0) AS warned_test_count,
    tests.last_tested_at,
    checks.checked_at AS last_checked_at,
    coalesce(checks.is_error, FALSE) AS is_freshness_error,
    coalesce(checks.is_stale AND NOT checks.is_error, FALSE) AS is_freshness_warned
FROM internal.defined_nodes AS nodes
INNER JOIN internal.environment_clocks AS clocks
    ON clocks.project_name IS NOT DISTINCT FROM nodes.project_name
    AND clocks.environment = nodes.environment
LEFT JOIN last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last.environment = nodes.environment
    AND last.unique_id = nodes.unique_id
LEFT JOIN tests
    ON tests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND tests.environment = nodes.environment
    AND tests.unique_id = nodes.unique_id
LEFT JOIN internal.last_freshness AS checks
    ON checks.project_name IS NOT DISTINCT FROM nodes.project_name
    AND checks.environment = nodes.environment
    AND checks.unique_id = nodes.unique_id
WHERE nodes.is_enabled
    AND nodes.resource_type IN ('model', 'seed', 'snapshot', 'source', 'exposure');

COMMENT ON VIEW internal.node_signals IS
    'One row per enabled model, seed, snapshot, source and exposure of a current manifest.';
