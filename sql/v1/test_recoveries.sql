-- Every time that a test went from failing to passing, and what explains it: a definition, a rebuild, new source data.
-- grain: project_name, environment, unique_id, recovered_at
-- since: 0.1
--
-- Not portable: UNION in the recursion keeps what is new; it ends on cycles, and never enumerates a path.
CREATE OR REPLACE VIEW v1.test_recoveries AS
WITH RECURSIVE runs AS MATERIALIZED (
    SELECT artifact_key, invocation_id, command, graph_id
    FROM internal.current_runs
),

recoveries AS MATERIALIZED (
    SELECT
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

edges AS MATERIALIZED (
    SELECT graph_edges.graph_id, graph_edges.parent_unique_id, graph_edges.child_unique_id
    FROM internal.graph_edges
    WHERE graph_edges.graph_id IN (SELECT recoveries.passing_graph_id FROM recoveries)
        AND (
            graph_edges.child_resource_type NOT IN ('test', 'unit_test')
            OR graph_edges.child_unique_id IN (SELECT recoveries.unique_id FROM recoveries)
        )
),

-- The test and all above it.
ancestors (graph_id, test_unique_id, unique_id) AS (
    SELECT DISTINCT passing_graph_id, unique_id, unique_id
    FROM recoveries

    UNION

    SELECT edges.graph_id, ancestors.test_unique_id, edges.parent_unique_id
    FROM ancestors
    INNER JOIN edges ON edges.graph_id = ancestors.graph_id AND edges.child_unique_id = ancestors.unique_id
),

above AS MATERIALIZED (
    SELECT
        recoveries.project_name,
        recoveries.environment,
        recoveries.unique_id,
        recoveries.last_failed_at,
        recoveries.recovered_at,
        recoveries.failing_graph_id,
        recoveries.passing_graph_id,
        ancestors.unique_id AS ancestor_unique_id,
        split_part(ancestors.unique_id, '.', 1) AS ancestor_resource_type
    FROM recoveries
    INNER JOIN ancestors
        ON ancestors.graph_id = recoveries.passing_graph_id
        AND ancestors.test_unique_id = recoveries.unique_id
),

nodes AS MATERIALIZED (
    SELECT graph_nodes.graph_id, graph_nodes.unique_id, graph_nodes.definition_id
    FROM internal.graph_nodes
    WHERE graph_nodes.unique_id IN (SELECT above.ancestor_unique_id FROM above)
),

-- Two graphs that are one have the same definitions. A definition names its parents: what is the same in both graphs
-- above the test has the same above it, so that the ancestors in the one graph are enough.
definitions AS (
    SELECT
        above.project_name,
        above.environment,
        above.unique_id,
        above.recovered_at,
        bool_or(
            above.failing_graph_id IS DISTINCT FROM above.passing_graph_id
            AND before.definition_id IS DISTINCT FROM after.definition_id
        ) AS is_definition_changed,
        -- A test that is in no manifest has no known ancestors.
        bool_or(above.ancestor_unique_id = above.unique_id AND after.definition_id IS NOT NULL) AS is_known
    FROM above
    LEFT JOIN nodes AS before
        ON before.graph_id = above.failing_graph_id AND before.unique_id = above.ancestor_unique_id
    LEFT JOIN nodes AS after
        ON after.graph_id = above.passing_graph_id AND after.unique_id = above.ancestor_unique_id
    GROUP BY above.project_name, above.environment, above.unique_id, above.recovered_at
),

-- When what is above was last built, as of each recovery: builds and recoveries in one order. Equal times count as before.
moments AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id AS ancestor_unique_id,
        executions.completed_at AS happened_at,
        executions.completed_at AS built_at,
        CAST(NULL AS VARCHAR) AS unique_id,
        CAST(NULL AS TIMESTAMP) AS last_failed_at
    FROM internal.classified_executions AS executions
    WHERE executions.is_executed AND executions.status_class = 'success'
        AND executions.unique_id IN (
            SELECT above.ancestor_unique_id
            FROM above
            WHERE above.ancestor_resource_type IN ('model', 'seed', 'snapshot')
        )
    UNION ALL
    SELECT
        project_name,
        environment,
        ancestor_unique_id,
        recovered_at,
        CAST(NULL AS TIMESTAMP),
        unique_id,
        last_failed_at
    FROM above
    WHERE ancestor_resource_type IN ('model', 'seed', 'snapshot')
),

last_builds AS (
    SELECT
        project_name,
        environment,
        unique_id,
        happened_at AS recovered_at,
        last_failed_at,
        max(built_at) OVER (
            PARTITION BY project_name, environment, ancestor_unique_id
            ORDER BY happened_at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS built_at
    FROM moments
),

rebuilds AS (
    SELECT project_name, environment, unique_id, recovered_at, bool_or(coalesce(built_at > last_failed_at, FALSE)) AS is_rebuilt
    FROM last_builds
    WHERE unique_id IS NOT NULL
    GROUP BY project_name, environment, unique_id, recovered_at
),

checks AS MATERIALIZED (
    SELECT project_name, environment, unique_id, coalesce(snapshotted_at, generated_at) AS checked_at, max_loaded_at
    FROM v1.source_freshness
    WHERE max_loaded_at IS NOT NULL
),

loads AS (
    SELECT
        above.project_name,
        above.environment,
        above.unique_id,
        above.recovered_at,
        above.ancestor_unique_id,
        max(checks.max_loaded_at) FILTER (WHERE checks.checked_at <= above.last_failed_at) AS loaded_before,
        max(checks.max_loaded_at) AS loaded_after,
        coalesce(bool_or(checks.checked_at > above.last_failed_at), FALSE) AS is_checked,
        max(above.last_failed_at) AS last_failed_at
    FROM above
    LEFT JOIN checks
        ON checks.project_name IS NOT DISTINCT FROM above.project_name
        AND checks.environment = above.environment
        AND checks.unique_id = above.ancestor_unique_id
        AND checks.checked_at <= above.recovered_at
    WHERE above.ancestor_resource_type = 'source'
    GROUP BY above.project_name, above.environment, above.unique_id, above.recovered_at, above.ancestor_unique_id
),

sources AS (
    SELECT
        project_name,
        environment,
        unique_id,
        recovered_at,
        bool_or(coalesce(loaded_after > loaded_before, loaded_after > last_failed_at, FALSE)) AS is_source_loaded,
        bool_or(NOT is_checked) AS is_source_unchecked
    FROM loads
    GROUP BY project_name, environment, unique_id, recovered_at
)

SELECT
    recoveries.project_name,
    recoveries.environment,
    recoveries.unique_id,
    recoveries.recovered_at,
    recoveries.last_failed_at,
    recoveries.failure_count,
    recoveries.failing_invocation_id,
    recoveries.failing_command,
    recoveries.passing_invocation_id,
    recoveries.passing_command,
    coalesce(definitions.is_known, FALSE) AS is_definition_known,
    coalesce(definitions.is_definition_changed, FALSE) AS is_definition_changed,
    coalesce(rebuilds.is_rebuilt, FALSE) AS is_rebuilt,
    coalesce(sources.is_source_loaded, FALSE) AS is_source_loaded,
    coalesce(sources.is_source_unchecked, FALSE) AS is_source_unchecked,
    coalesce(definitions.is_known, FALSE)
    AND NOT coalesce(definitions.is_definition_changed, FALSE)
    AND NOT coalesce(rebuilds.is_rebuilt, FALSE)
    AND NOT coalesce(sources.is_source_loaded, FALSE) AS is_flip
FROM recoveries
LEFT JOIN definitions
    ON definitions.project_name IS NOT DISTINCT FROM recoveries.project_name
    AND definitions.environment = recoveries.environment
    AND definitions.unique_id = recoveries.unique_id
    AND definitions.recovered_at = recoveries.recovered_at
LEFT JOIN rebuilds
    ON rebuilds.project_name IS NOT DISTINCT FROM recoveries.project_name
    AND rebuilds.environment = recoveries.environment
    AND rebuilds.unique_id = recoveries.unique_id
    AND rebuilds.recovered_at = recoveries.recovered_at
LEFT JOIN sources
    ON sources.project_name IS NOT DISTINCT FROM recoveries.project_name
    AND sources.environment = recoveries.environment
    AND sources.unique_id = recoveries.unique_id
    AND sources.recovered_at = recoveries.recovered_at;

COMMENT ON VIEW v1.test_recoveries IS 'One row per test and time that it went from failing to passing (success or warn; a warning is no failure). It is explained when a definition changed, something above was rebuilt, or a source above has new data; else it is a flip.';
COMMENT ON COLUMN v1.test_recoveries.project_name IS 'The project.';
COMMENT ON COLUMN v1.test_recoveries.environment IS 'The environment.';
COMMENT ON COLUMN v1.test_recoveries.unique_id IS 'The test, or unit test.';
COMMENT ON COLUMN v1.test_recoveries.recovered_at IS 'When it passed again, UTC: closed_at of its incident.';
COMMENT ON COLUMN v1.test_recoveries.last_failed_at IS 'When it failed the last time before, UTC.';
COMMENT ON COLUMN v1.test_recoveries.failure_count IS 'How many times it had failed in a row.';
COMMENT ON COLUMN v1.test_recoveries.failing_invocation_id IS 'The invocation in which it failed the last time before.';
COMMENT ON COLUMN v1.test_recoveries.failing_command IS 'Its command.';
COMMENT ON COLUMN v1.test_recoveries.passing_invocation_id IS 'The invocation in which it passed.';
COMMENT ON COLUMN v1.test_recoveries.passing_command IS 'Its command.';
COMMENT ON COLUMN v1.test_recoveries.is_definition_known IS 'Whether a manifest has the test at the passing run; where none does, nothing is known of what is above it, and it is no flip.';
COMMENT ON COLUMN v1.test_recoveries.is_definition_changed IS 'Whether the definition of the test, or of anything above it in the graph of the passing run, is another than in that of the failing run.';
COMMENT ON COLUMN v1.test_recoveries.is_rebuilt IS 'Whether a model, seed or snapshot above it was executed with success after it failed and no later than it passed.';
COMMENT ON COLUMN v1.test_recoveries.is_source_loaded IS 'Whether the freshness checks up to the pass know a newer max_loaded_at of a source above it than those up to the failure; without one up to the failure, one after the failure itself.';
COMMENT ON COLUMN v1.test_recoveries.is_source_unchecked IS 'Whether the freshness of a source above it was not checked between failure and pass: new data there would not be known.';
COMMENT ON COLUMN v1.test_recoveries.is_flip IS 'Whether nothing explains it.';
