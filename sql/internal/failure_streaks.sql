-- Every streak of failures of every node: executed results that failed, with no success or warning between them.
-- grain: project_name, environment, unique_id, opened_at
--
-- Results are in the order of their completion, then of their run. A streak that ends at the very time at which it
-- began is left out.
CREATE OR REPLACE VIEW internal.failure_streaks AS
-- Each project and environment has one number here: a number sorts faster than two texts.
WITH runs AS MATERIALIZED (
    SELECT
        artifact_key,
        project_name,
        environment,
        dense_rank() OVER (ORDER BY project_name ASC NULLS FIRST, environment ASC NULLS FIRST) AS scope,
        row_number() OVER (PARTITION BY project_name, environment ORDER BY run_number ASC) AS run_index
    FROM internal.current_runs
    WHERE is_executing AND NOT is_aborted
),

scopes AS (
    SELECT scope, project_name, environment, count(*) AS run_count
    FROM runs
    GROUP BY scope, project_name, environment
),

-- Most nodes never failed and have no streaks: they are left out first.
results AS (
    SELECT
        runs.scope,
        executions.unique_id,
        executions.artifact_key,
        executions.completed_at,
        runs.run_index,
        executions.status_class = 'failure' AS is_failure
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE executions.is_executed
        AND executions.completed_at IS NOT NULL
        AND executions.unique_id IN (
            SELECT failures.unique_id
            FROM internal.classified_executions AS failures
            WHERE failures.is_executed AND failures.status_class = 'failure'
        )
),

-- A streak lies between two results that did not fail: its number is how many of those came before.
numbered AS (
    SELECT
        scope,
        unique_id,
        artifact_key,
        completed_at,
        run_index,
        is_failure,
        sum(CASE WHEN is_failure THEN 0 ELSE 1 END) OVER node - CASE WHEN is_failure THEN 0 ELSE 1 END AS streak,
        row_number() OVER node AS place,
        lag(artifact_key) OVER node AS previous_artifact_key,
        coalesce(lag(is_failure) OVER node, FALSE) AS is_after_failure
    FROM results
    WINDOW node AS (PARTITION BY scope, unique_id ORDER BY completed_at ASC, run_index ASC)
),

streaks AS MATERIALIZED (
    SELECT
        scope,
        unique_id,
        min(completed_at) FILTER (WHERE is_failure) AS opened_at,
        max(completed_at) FILTER (WHERE is_failure) AS last_failed_at,
        max(completed_at) FILTER (WHERE NOT is_failure) AS closed_at,
        count(*) FILTER (WHERE is_failure) AS failure_count,
        max(previous_artifact_key) FILTER (WHERE is_failure AND NOT is_after_failure) AS previous_artifact_key,
        max(artifact_key) FILTER (WHERE is_failure AND NOT is_after_failure) AS first_artifact_key,
        max(run_index) FILTER (WHERE is_failure AND NOT is_after_failure) AS first_run_index,
        arg_max(artifact_key, place) FILTER (WHERE is_failure) AS last_artifact_key,
        max(artifact_key) FILTER (WHERE NOT is_failure) AS closing_artifact_key,
        max(run_index) FILTER (WHERE NOT is_failure) AS closing_run_index
    FROM numbered
    WHERE is_failure OR is_after_failure
    GROUP BY scope, unique_id, streak
    HAVING coalesce(
        max(completed_at) FILTER (WHERE NOT is_failure) > min(completed_at) FILTER (WHERE is_failure), TRUE
    )
),

-- How often the node was skipped up to the opening and the closing of each streak: skips and ends in one order of time.
ends AS (
    SELECT
        runs.scope,
        executions.unique_id,
        executions.completed_at AS happened_at,
        CAST(NULL AS TIMESTAMP) AS opened_at,
        1 AS skip
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE executions.status_class = 'skipped'
        AND executions.unique_id IN (SELECT streaks.unique_id FROM streaks)
    UNION ALL
    SELECT scope, unique_id, opened_at, opened_at, 0
    FROM streaks
    UNION ALL
    SELECT scope, unique_id, coalesce(closed_at, TIMESTAMP 'infinity'), opened_at, 0
    FROM streaks
),

passed AS (
    SELECT
        scope,
        unique_id,
        opened_at,
        sum(skip) OVER (
            PARTITION BY scope, unique_id ORDER BY happened_at ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS skipped_count
    FROM ends
),

skips AS (
    SELECT scope, unique_id, opened_at, max(skipped_count) - min(skipped_count) AS skipped_count
    FROM passed
    WHERE opened_at IS NOT NULL
    GROUP BY scope, unique_id, opened_at
)

-- Runs may overlap: the run in which a node recovered may be written before the run in which it failed.
SELECT
    scopes.project_name,
    scopes.environment,
    streaks.unique_id,
    streaks.opened_at,
    streaks.last_failed_at,
    streaks.closed_at,
    streaks.failure_count,
    streaks.previous_artifact_key,
    streaks.first_artifact_key,
    streaks.last_artifact_key,
    streaks.closing_artifact_key,
    CAST(skips.skipped_count AS BIGINT) AS skipped_run_count,
    CAST(
        greatest(
            coalesce(streaks.closing_run_index, scopes.run_count + 1) - streaks.first_run_index
            - streaks.failure_count - skips.skipped_count,
            0
        ) AS BIGINT
    ) AS absent_run_count
FROM streaks
INNER JOIN scopes ON scopes.scope = streaks.scope
INNER JOIN skips
    ON skips.scope = streaks.scope
    AND skips.unique_id = streaks.unique_id
    AND skips.opened_at = streaks.opened_at;

COMMENT ON VIEW internal.failure_streaks IS
    'One row per streak of failures of a node; the one place that knows where one begins and ends.';
