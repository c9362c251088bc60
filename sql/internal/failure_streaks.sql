-- Every streak of failures of every node: executed results that failed, with none between them that did not.
-- grain: project_name, environment, unique_id, opened_at
--
-- A result's place is its completion. Of results of a node that were completed at the same time, the last one counts.
CREATE OR REPLACE VIEW internal.failure_streaks AS
WITH runs AS MATERIALIZED (
    SELECT
        artifact_key,
        row_number() OVER (PARTITION BY project_name, environment ORDER BY run_number) AS run_index,
        count(*) OVER (PARTITION BY project_name, environment) AS run_count
    FROM internal.current_runs
    WHERE is_executing AND NOT is_aborted
),

-- What never failed has no streaks, and is most of all.
results AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.artifact_key,
        executions.completed_at,
        executions.recency,
        executions.is_executed,
        executions.status_class = 'failure' AS is_failure,
        runs.run_index,
        runs.run_count
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE (executions.is_executed OR executions.status_class = 'skipped')
        AND executions.recency IS NOT NULL
        AND executions.unique_id IN (
            SELECT failures.unique_id FROM internal.classified_executions AS failures
            WHERE failures.is_executed AND failures.status_class = 'failure'
        )
),

-- How many runs executed or skipped the node up to each, in the order of the runs.
counted AS (
    SELECT
        project_name,
        environment,
        unique_id,
        artifact_key,
        completed_at,
        recency,
        is_executed,
        is_failure,
        run_index,
        run_count,
        sum(CASE WHEN is_executed THEN 1 ELSE 0 END) OVER node_runs AS executed_count,
        sum(CASE WHEN is_executed THEN 0 ELSE 1 END) OVER node_runs AS skipped_count,
        sum(CASE WHEN is_executed THEN 1 ELSE 0 END) OVER node AS all_executed_count,
        sum(CASE WHEN is_executed THEN 0 ELSE 1 END) OVER node AS all_skipped_count
    FROM results
    WINDOW
        node AS (PARTITION BY project_name, environment, unique_id),
        node_runs AS (
            PARTITION BY project_name, environment, unique_id
            ORDER BY run_index ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
),

moments AS (
    SELECT
        project_name,
        environment,
        unique_id,
        artifact_key,
        completed_at,
        recency,
        is_failure,
        run_index,
        run_count,
        executed_count,
        skipped_count,
        all_executed_count,
        all_skipped_count
    FROM counted
    WHERE is_executed
    QUALIFY lead(completed_at) OVER (
        PARTITION BY project_name, environment, unique_id ORDER BY recency
    ) IS DISTINCT FROM completed_at
),

-- A streak is what stands between two results that did not fail: its number is how many of these came before.
numbered AS (
    SELECT
        project_name,
        environment,
        unique_id,
        artifact_key,
        completed_at,
        recency,
        is_failure,
        run_index,
        run_count,
        executed_count,
        skipped_count,
        all_executed_count,
        all_skipped_count,
        sum(CASE WHEN is_failure THEN 0 ELSE 1 END) OVER node - CASE WHEN is_failure THEN 0 ELSE 1 END AS streak,
        lag(artifact_key) OVER node AS previous_artifact_key,
        coalesce(lag(is_failure) OVER node, FALSE) AS is_after_failure
    FROM moments
    WINDOW node AS (PARTITION BY project_name, environment, unique_id ORDER BY recency)
),

streaks AS (
    SELECT
        project_name,
        environment,
        unique_id,
        min(completed_at) FILTER (WHERE is_failure) AS opened_at,
        max(completed_at) FILTER (WHERE is_failure) AS last_failed_at,
        max(completed_at) FILTER (WHERE NOT is_failure) AS closed_at,
        count(*) FILTER (WHERE is_failure) AS failure_count,
        max(previous_artifact_key) FILTER (WHERE is_failure AND NOT is_after_failure) AS previous_artifact_key,
        arg_min(artifact_key, recency) FILTER (WHERE is_failure) AS first_artifact_key,
        arg_max(artifact_key, recency) FILTER (WHERE is_failure) AS last_artifact_key,
        max(artifact_key) FILTER (WHERE NOT is_failure) AS closing_artifact_key,
        arg_min(run_index, recency) FILTER (WHERE is_failure) AS first_run_index,
        coalesce(max(run_index) FILTER (WHERE NOT is_failure), max(run_count) + 1) AS end_run_index,
        arg_min(executed_count, recency) FILTER (WHERE is_failure) AS first_executed_count,
        coalesce(max(executed_count) FILTER (WHERE NOT is_failure), max(all_executed_count) + 1) AS end_executed_count,
        arg_min(skipped_count, recency) FILTER (WHERE is_failure) AS first_skipped_count,
        coalesce(max(skipped_count) FILTER (WHERE NOT is_failure), max(all_skipped_count)) AS end_skipped_count
    FROM numbered
    WHERE is_failure OR is_after_failure
    GROUP BY project_name, environment, unique_id, streak
)

-- Of runs that overlap, the one in which a node recovered may have been written before the one in which it failed.
SELECT
    project_name,
    environment,
    unique_id,
    opened_at,
    last_failed_at,
    closed_at,
    failure_count,
    previous_artifact_key,
    first_artifact_key,
    last_artifact_key,
    closing_artifact_key,
    CAST(greatest(end_skipped_count - first_skipped_count, 0) AS BIGINT) AS skipped_run_count,
    CAST(
        greatest(
            end_run_index - first_run_index - 1
            - (end_executed_count - first_executed_count - 1)
            - (end_skipped_count - first_skipped_count),
            0
        ) AS BIGINT
    ) AS absent_run_count
FROM streaks;

COMMENT ON VIEW internal.failure_streaks IS
    'One row per streak of failures of a node; the one place that knows where one begins and ends.';
