-- Every time that a test went from failing to passing, and what explains it: a rebuild, a definition, new source data.
-- grain: project_name, environment, unique_id, recovered_at
-- since: 0.1
--
-- Not portable: UNION in the recursion keeps new rows only. It ends on cycles and never enumerates paths.
CREATE OR REPLACE VIEW v1.test_recoveries AS
WITH RECURSIVE runs AS (
    SELECT artifact_key, invocation_id, command, graph_id
    FROM internal.current_runs
),

recoveries AS (
    SELECT
        row_number() OVER (ORDER BY streaks.project_name ASC, streaks.environment ASC, streaks.unique_id ASC, streaks.opened_at ASC)
            AS number,
        streaks.project_name,
        streaks.environment,
        streaks.unique_id,
        streaks.last_failed_at,
        streaks.closed_at AS recovered_at,
        streaks.failure_count,
        failing.invocation_id AS failing_invocation_id,
        failing.command AS failing_command,
        failing.graph_id AS failing_graph_id,
        passing.invocation_id AS passing_invocation_id,
        passing.command AS passing_command,
        passing.graph_id AS passing_graph_id
    FROM internal.failure_streaks AS streaks
    INNER JOIN runs AS failing ON failing.artifact_key = streaks.last_artifact_key
    INNER JOIN runs AS passing ON passing.artifact_key = streaks.closing_artifact_key
    WHERE split_part(streaks.unique_id, '.', 1) IN ('test', 'unit_test')
),

-- A rebuilt parent explains most recoveries and is the cheapest explanation to find: it comes first.
parents AS (
    SELECT
        recoveries.number,
        recoveries.project_name,
        recoveries.environment,
        recoveries.last_failed_at,
        recoveries.recovered_at,
        unnest(nodes.parent_unique_ids) AS unique_id
    FROM recoveries
    INNER JOIN internal.graph_nodes AS nodes
        ON nodes.graph_id = recoveries.passing_graph_id
        AND nodes.unique_id = recoveries.unique_id
),

-- Builds and recoveries in one order of time: the window gives each recovery the last build before it.
parent_moments AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.completed_at AS happened_at,
        executions.completed_at AS built_at,
        CAST(NULL AS BIGINT) AS number,
        CAST(NULL AS TIMESTAMP) AS last_failed_at
    FROM internal.classified_executions AS executions
    WHERE executions.is_executed AND executions.status_class = 'success'
        AND executions.unique_id IN (SELECT parents.unique_id FROM parents)
        AND split_part(executions.unique_id, '.', 1) IN ('model', 'seed', 'snapshot')
    UNION ALL
    SELECT project_name, environment, unique_id, recovered_at, CAST(NULL AS TIMESTAMP), number, last_failed_at
    FROM parents
),

parent_builds AS (
    SELECT
        number,
        last_failed_at,
        max(built_at) OVER (
            PARTITION BY project_name, environment, unique_id
            ORDER BY happened_at ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS built_at
    FROM parent_moments
),

unexplained AS (
    SELECT
        recoveries.number,
        recoveries.project_name,
        recoveries.environment,
        recoveries.unique_id,
        recoveries.last_failed_at,
        recoveries.recovered_at,
        recoveries.failing_graph_id,
        recoveries.passing_graph_id
    FROM recoveries
    WHERE recoveries.number NOT IN (
        SELECT parent_builds.number
        FROM parent_builds
        WHERE parent_builds.number IS NOT NULL AND parent_builds.built_at > parent_builds.last_failed_at
    )
),

-- A stored relation shows no change above it until it is built again.
edges AS (
    SELECT
        nodes.graph_id,
        unnest(nodes.parent_unique_ids) AS parent_unique_id,
        nodes.unique_id AS child_unique_id,
        nodes.resource_type IN ('seed', 'snapshot')
        OR (nodes.resource_type = 'model' AND coalesce(nodes.materialized, '') IN ('table', 'incremental')) AS is_stored
    FROM internal.graph_nodes AS nodes
    WHERE nodes.graph_id IN (SELECT unexplained.passing_graph_id FROM unexplained)
        AND (
            nodes.resource_type NOT IN ('test', 'unit_test')
            OR nodes.unique_id IN (SELECT unexplained.unique_id FROM unexplained)
        )
),

-- The test and all its ancestors.
ancestors (graph_id, test_unique_id, unique_id) AS (
    SELECT DISTINCT passing_graph_id, unique_id, unique_id
    FROM unexplained

    UNION

    SELECT edges.graph_id, ancestors.test_unique_id, edges.parent_unique_id
    FROM ancestors
    INNER JOIN edges ON edges.graph_id = ancestors.graph_id AND edges.child_unique_id = ancestors.unique_id
),

-- The relations that the test read: its parents, and through parents that are not stored, their parents in turn.
reached (graph_id, test_unique_id, unique_id) AS (
    SELECT DISTINCT passing_graph_id, unique_id, unique_id
    FROM unexplained

    UNION

    SELECT edges.graph_id, reached.test_unique_id, edges.parent_unique_id
    FROM reached
    INNER JOIN edges ON edges.graph_id = reached.graph_id AND edges.child_unique_id = reached.unique_id
    WHERE NOT edges.is_stored
),

above AS (
    SELECT
        unexplained.number,
        unexplained.project_name,
        unexplained.environment,
        unexplained.last_failed_at,
        unexplained.recovered_at,
        reached.unique_id,
        split_part(reached.unique_id, '.', 1) AS resource_type
    FROM unexplained
    INNER JOIN reached
        ON reached.graph_id = unexplained.passing_graph_id
        AND reached.test_unique_id = unexplained.unique_id
),

moments AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.completed_at AS happened_at,
        executions.completed_at AS built_at,
        CAST(NULL AS BIGINT) AS number,
        CAST(NULL AS TIMESTAMP) AS last_failed_at
    FROM internal.classified_executions AS executions
    WHERE executions.is_executed AND executions.status_class = 'success'
        AND executions.unique_id IN (
            SELECT above.unique_id FROM above WHERE above.resource_type IN ('model', 'seed', 'snapshot')
        )
    UNION ALL
    SELECT project_name, environment, unique_id, recovered_at, CAST(NULL AS TIMESTAMP), number, last_failed_at
    FROM above
    WHERE resource_type IN ('model', 'seed', 'snapshot')
),

builds AS (
    SELECT
        number,
        last_failed_at,
        max(built_at) OVER (
            PARTITION BY project_name, environment, unique_id
            ORDER BY happened_at ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS built_at
    FROM moments
),

rebuilds AS (
    SELECT DISTINCT number
    FROM builds
    WHERE number IS NOT NULL AND built_at > last_failed_at
),

-- A definition names its parents. Two graphs with equal definitions above the test have equal ancestors.
compared AS (
    SELECT DISTINCT failing_graph_id, passing_graph_id, unique_id
    FROM unexplained
),

definitions AS (
    SELECT
        compared.failing_graph_id,
        compared.passing_graph_id,
        compared.unique_id,
        bool_or(before.definition_id IS DISTINCT FROM after.definition_id) AS is_changed,
        -- A test that no manifest has is its own only ancestor and has no definition.
        bool_or(after.definition_id IS NOT NULL AND after.unique_id = compared.unique_id) AS is_known
    FROM compared
    INNER JOIN ancestors
        ON ancestors.graph_id = compared.passing_graph_id
        AND ancestors.test_unique_id = compared.unique_id
    LEFT JOIN internal.graph_nodes AS before
        ON before.graph_id = compared.failing_graph_id AND before.unique_id = ancestors.unique_id
    LEFT JOIN internal.graph_nodes AS after
        ON after.graph_id = compared.passing_graph_id AND after.unique_id = ancestors.unique_id
    GROUP BY compared.failing_graph_id, compared.passing_graph_id, compared.unique_id
),

checks AS (
    SELECT project_name, environment, unique_id, coalesce(snapshotted_at, generated_at) AS checked_at, max_loaded_at
    FROM v1.source_freshness
    WHERE max_loaded_at IS NOT NULL
),

-- Any check can show a load in between, by the time of the load. Only a later check can show that there was none.
loads AS (
    SELECT
        above.number,
        above.unique_id,
        coalesce(
            bool_or(checks.max_loaded_at > above.last_failed_at AND checks.max_loaded_at <= above.recovered_at), FALSE
        ) AS is_loaded,
        coalesce(
            bool_or(checks.checked_at >= above.recovered_at AND checks.max_loaded_at <= above.last_failed_at), FALSE
        ) AS is_checked
    FROM above
    LEFT JOIN checks
        ON checks.project_name IS NOT DISTINCT FROM above.project_name
        AND checks.environment = above.environment
        AND checks.unique_id = above.unique_id
    WHERE above.resource_type = 'source'
    GROUP BY above.number, above.unique_id
),

sources AS (
    SELECT
        number,
        bool_or(is_loaded) AS is_loaded,
        bool_or(NOT is_checked) AS is_unchecked
    FROM loads
    GROUP BY number
),

explained AS (
    SELECT
        recoveries.number,
        CASE
            WHEN unexplained.number IS NULL OR rebuilds.number IS NOT NULL THEN 'rebuild'
            WHEN definitions.is_known IS NOT TRUE THEN 'unknown'
            WHEN definitions.is_changed THEN 'definition'
            WHEN sources.is_loaded THEN 'source'
        END AS explanation,
        coalesce(sources.is_unchecked, FALSE) AS is_source_unchecked
    FROM recoveries
    LEFT JOIN unexplained ON unexplained.number = recoveries.number
    LEFT JOIN rebuilds ON rebuilds.number = recoveries.number
    LEFT JOIN definitions
        ON definitions.failing_graph_id IS NOT DISTINCT FROM unexplained.failing_graph_id
        AND definitions.passing_graph_id = unexplained.passing_graph_id
        AND definitions.unique_id = unexplained.unique_id
    LEFT JOIN sources ON sources.number = recoveries.number
)

SELECT
    recoveries.project_name,
    recoveries.environment,
    recoveries.unique_id,
    recoveries.recovered_at,
    recoveries.last_failed_at,
    recoveries.failure_count,
    explained.explanation IS NULL AS is_flip,
    explained.explanation,
    CASE WHEN explained.explanation IS NULL THEN explained.is_source_unchecked END AS is_source_unchecked,
    recoveries.failing_invocation_id,
    recoveries.failing_command,
    recoveries.passing_invocation_id,
    recoveries.passing_command
FROM recoveries
INNER JOIN explained ON explained.number = recoveries.number;

COMMENT ON VIEW v1.test_recoveries IS 'One row per test and change from failing to passing (success or warn; a warning is no failure). A rebuild above the test, a changed definition, or new data in a source above it explains the change. A change without an explanation is a flip.';
COMMENT ON COLUMN v1.test_recoveries.unique_id IS 'The test, or unit test.';
COMMENT ON COLUMN v1.test_recoveries.recovered_at IS 'When the test passed again, UTC: closed_at of its incident.';
COMMENT ON COLUMN v1.test_recoveries.last_failed_at IS 'When the test last failed before the recovery, UTC.';
COMMENT ON COLUMN v1.test_recoveries.failure_count IS 'How many times in a row the test had failed.';
COMMENT ON COLUMN v1.test_recoveries.is_flip IS 'Whether the test passed again with no explanation: no rebuild, no changed definition, no new data.';
COMMENT ON COLUMN v1.test_recoveries.explanation IS 'The first of these that holds. rebuild: a model, seed or snapshot that the test read (in the graph of the passing run: its parents, and through views and ephemeral models what these read) was executed with success after the failure and no later than the recovery. unknown: no manifest has the test at the passing run. definition: the definition of the test or of a node above it differs from that at the failing run. source: a freshness check has a max_loaded_at of a source that the test read, after the failure and no later than the recovery. NULL where none holds.';
COMMENT ON COLUMN v1.test_recoveries.is_source_unchecked IS 'For a flip, whether a source that the test read may have had new data: no freshness check after the recovery shows a max_loaded_at before the failure. NULL where the recovery is explained.';
COMMENT ON COLUMN v1.test_recoveries.failing_invocation_id IS 'The invocation of the last failure before the recovery.';
COMMENT ON COLUMN v1.test_recoveries.failing_command IS 'The command of the invocation of the last failure.';
COMMENT ON COLUMN v1.test_recoveries.passing_invocation_id IS 'The invocation in which the test passed again.';
COMMENT ON COLUMN v1.test_recoveries.passing_command IS 'The command of the invocation in which the test passed again.';
