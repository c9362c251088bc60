-- Nodes that became slower than their own past: since when, by how much, and what changed with it.
-- grain: project_name, environment, unique_id, materialized, is_full_refresh, began_at
-- since: 0.1
--
-- A series is the comparable executions of a node: same environment, same materialization, all full refreshes or none.
-- The baseline of an execution is the 20 before it. Whole microseconds have the same median in every version of DuckDB.
-- Not portable: mad over a window.
CREATE OR REPLACE VIEW v1.execution_time_regressions AS
-- Each node gets a number, and so does each project and environment: numbers sort faster than texts.
WITH runs AS MATERIALIZED (
    SELECT
        artifact_key,
        invocation_id,
        command,
        graph_id,
        dbt_version,
        threads,
        project_name,
        environment,
        coalesce(is_full_refresh, FALSE) AS is_full_refresh,
        dense_rank() OVER (ORDER BY project_name ASC NULLS FIRST, environment ASC NULLS FIRST) AS scope,
        run_number
    FROM internal.current_runs
),

executed AS (
    SELECT
        executions.unique_id,
        runs.scope,
        runs.is_full_refresh,
        runs.graph_id,
        executions.artifact_key,
        executions.completed_at,
        runs.run_number,
        CAST(round(executions.execution_seconds * 1e6) AS BIGINT) AS microseconds,
        executions.rows_affected
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE executions.is_timed AND executions.status_class IN ('success', 'warn')
        AND executions.execution_seconds BETWEEN 0 AND 1e9
        AND executions.completed_at IS NOT NULL
),

-- Leaves out nodes whose times all lie within a second: none of them can be a second above a median.
varying AS (
    SELECT unique_id, row_number() OVER (ORDER BY unique_id ASC) AS node
    FROM executed
    GROUP BY unique_id
    HAVING max(microseconds) - min(microseconds) > 1000000 AND count(*) > 5
),

-- Few nodes ever change their materialization. Only theirs is looked up for each run.
materializations AS (
    SELECT unique_id, max(materialized) AS materialized, count(DISTINCT coalesce(materialized, '')) > 1 AS is_changed
    FROM stored.definitions
    GROUP BY unique_id
),

nodes AS MATERIALIZED (
    SELECT
        varying.node,
        varying.unique_id,
        coalesce(materializations.is_changed, FALSE) AS is_changed,
        CASE WHEN NOT materializations.is_changed THEN materializations.materialized END AS materialized
    FROM varying
    LEFT JOIN materializations ON materializations.unique_id = varying.unique_id
),

changed_materializations AS (
    SELECT graph_nodes.graph_id, graph_nodes.unique_id, graph_nodes.materialized
    FROM internal.graph_nodes
    WHERE graph_nodes.unique_id IN (SELECT nodes.unique_id FROM nodes WHERE nodes.is_changed)
),

comparable AS MATERIALIZED (
    SELECT
        nodes.node,
        executed.scope,
        changed_materializations.materialized AS changed_materialized,
        executed.is_full_refresh,
        executed.artifact_key,
        executed.completed_at,
        executed.run_number,
        executed.microseconds,
        executed.rows_affected
    FROM executed
    INNER JOIN nodes ON nodes.unique_id = executed.unique_id
    LEFT JOIN changed_materializations
        ON changed_materializations.graph_id = executed.graph_id
        AND changed_materializations.unique_id = executed.unique_id
),

-- Deviations cost more than medians, and few nodes ever exceed 1.5 times their median: the medians come first.
medians AS (
    SELECT
        node,
        count(*) OVER baseline AS baseline_count,
        median(microseconds) OVER baseline AS baseline_median,
        min(microseconds) OVER (
            PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
            ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING
        ) AS following_min
    FROM comparable
    WINDOW baseline AS (
        PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
        ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING
    )
),

measured AS (
    SELECT
        node,
        scope,
        changed_materialized,
        is_full_refresh,
        artifact_key,
        completed_at,
        run_number,
        microseconds,
        lag(artifact_key) OVER series AS previous_artifact_key,
        count(*) OVER baseline AS baseline_count,
        median(microseconds) OVER baseline AS baseline_median,
        mad(microseconds) OVER baseline AS baseline_deviation,
        CAST(sum(rows_affected) OVER baseline AS DOUBLE) / nullif(count(rows_affected) OVER baseline, 0)
            AS baseline_rows_avg,
        count(*) OVER following AS following_count,
        min(microseconds) OVER following AS following_min,
        max(microseconds) OVER following AS following_max,
        median(microseconds) OVER following AS following_median,
        CAST(sum(rows_affected) OVER following AS DOUBLE) / nullif(count(rows_affected) OVER following, 0)
            AS following_rows_avg
    FROM comparable
    WHERE node IN (
        SELECT medians.node
        FROM medians
        WHERE medians.baseline_count >= 5
            AND medians.following_min > medians.baseline_median + greatest(0.5 * medians.baseline_median, 1000000)
    )
    WINDOW
        series AS (PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC),
        baseline AS (
            PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
            ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING
        ),
        following AS (
            PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
            ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING
        )
),

limited AS (
    SELECT
        *,
        baseline_median + greatest(6 * baseline_deviation, 0.5 * baseline_median, 1000000) AS limit_microseconds,
        baseline_count >= 5
        AND following_min > baseline_median + greatest(6 * baseline_deviation, 0.5 * baseline_median, 1000000)
            AS is_slow
    FROM measured
),

-- A slow execution within five executions of another continues the same regression.
begun AS (
    SELECT
        *,
        is_slow AND coalesce(
            max(CASE WHEN is_slow THEN 1 ELSE 0 END) OVER (
                PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
                ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING
            ),
            0
        ) = 0 AS is_begin
    FROM limited
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN is_begin THEN 1 ELSE 0 END) OVER (
            PARTITION BY node, scope, changed_materialized, is_full_refresh
            ORDER BY completed_at ASC, run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS episode
    FROM begun
),

-- Few rows are left from here on: the executions since a series first became slower.
held AS (
    SELECT
        *,
        max(CASE WHEN is_begin THEN limit_microseconds END) OVER (
            PARTITION BY node, scope, changed_materialized, is_full_refresh, episode
        ) AS episode_limit,
        row_number() OVER (
            PARTITION BY node, scope, changed_materialized, is_full_refresh ORDER BY completed_at ASC, run_number ASC
        ) AS place
    FROM numbered
    WHERE episode > 0
),

ended AS (
    SELECT
        node,
        scope,
        changed_materialized,
        is_full_refresh,
        max(completed_at) FILTER (WHERE is_begin) AS began_at,
        min(completed_at) FILTER (
            WHERE NOT is_begin AND following_count = 3 AND following_max <= episode_limit
        ) AS ended_at,
        count(*) AS execution_count,
        max(artifact_key) FILTER (WHERE is_begin) AS artifact_key,
        max(previous_artifact_key) FILTER (WHERE is_begin) AS previous_artifact_key,
        max(baseline_count) FILTER (WHERE is_begin) AS baseline_count,
        max(baseline_median) FILTER (WHERE is_begin) AS baseline_median,
        max(baseline_deviation) FILTER (WHERE is_begin) AS baseline_deviation,
        max(limit_microseconds) FILTER (WHERE is_begin) AS limit_microseconds,
        max(following_count) FILTER (WHERE is_begin) AS following_count,
        max(following_median) FILTER (WHERE is_begin) AS following_median,
        max(baseline_rows_avg) FILTER (WHERE is_begin) AS baseline_rows_avg,
        max(following_rows_avg) FILTER (WHERE is_begin) AS following_rows_avg,
        arg_max(microseconds, place) AS last_microseconds
    FROM held
    GROUP BY node, scope, changed_materialized, is_full_refresh, episode
),

episodes AS MATERIALIZED (
    SELECT
        nodes.unique_id,
        coalesce(nodes.materialized, ended.changed_materialized) AS materialized,
        ended.is_full_refresh,
        ended.began_at,
        ended.ended_at,
        ended.execution_count,
        ended.artifact_key,
        ended.previous_artifact_key,
        ended.baseline_count,
        ended.baseline_median,
        ended.baseline_deviation,
        ended.limit_microseconds,
        ended.following_count,
        ended.following_median,
        ended.baseline_rows_avg,
        ended.following_rows_avg,
        ended.last_microseconds
    FROM ended
    INNER JOIN nodes ON nodes.node = ended.node
),

definitions AS MATERIALIZED (
    SELECT graph_nodes.graph_id, graph_nodes.unique_id, graph_nodes.definition_id
    FROM internal.graph_nodes
    WHERE graph_nodes.unique_id IN (SELECT episodes.unique_id FROM episodes)
),

compared AS (
    SELECT
        runs.project_name,
        runs.environment,
        episodes.unique_id,
        episodes.materialized,
        episodes.is_full_refresh,
        episodes.began_at,
        episodes.ended_at,
        episodes.execution_count,
        episodes.baseline_count,
        episodes.baseline_median,
        episodes.baseline_deviation,
        episodes.limit_microseconds,
        episodes.following_count,
        episodes.following_median,
        episodes.last_microseconds,
        episodes.baseline_rows_avg,
        episodes.following_rows_avg,
        runs.invocation_id,
        runs.command,
        runs.dbt_version,
        runs.threads,
        previous_runs.invocation_id AS previous_invocation_id,
        previous_runs.dbt_version AS previous_dbt_version,
        previous_runs.threads AS previous_threads,
        definitions.definition_id,
        previous_definitions.definition_id AS previous_definition_id,
        episodes.following_rows_avg >= 1.5 * episodes.baseline_rows_avg
        AND episodes.following_rows_avg > episodes.baseline_rows_avg AS is_of_more_rows
    FROM episodes
    INNER JOIN runs ON runs.artifact_key = episodes.artifact_key
    INNER JOIN runs AS previous_runs ON previous_runs.artifact_key = episodes.previous_artifact_key
    LEFT JOIN definitions
        ON definitions.graph_id = runs.graph_id
        AND definitions.unique_id = episodes.unique_id
    LEFT JOIN definitions AS previous_definitions
        ON previous_definitions.graph_id = previous_runs.graph_id
        AND previous_definitions.unique_id = episodes.unique_id
)

SELECT
    compared.project_name,
    compared.environment,
    compared.unique_id,
    compared.materialized,
    compared.is_full_refresh,
    compared.began_at,
    CAST(compared.began_at AS DATE) AS began_date,
    compared.ended_at,
    compared.following_count = 3 AS is_confirmed,
    compared.invocation_id,
    compared.command,
    split_part(compared.unique_id, '.', 1) AS resource_type,
    CAST(compared.baseline_median / 1e6 AS DOUBLE) AS baseline_seconds,
    CAST(compared.baseline_deviation / 1e6 AS DOUBLE) AS baseline_deviation_seconds,
    CAST(compared.baseline_count AS BIGINT) AS baseline_count,
    CAST(compared.limit_microseconds / 1e6 AS DOUBLE) AS limit_seconds,
    CAST(compared.following_median / 1e6 AS DOUBLE) AS regressed_seconds,
    CAST(compared.following_median / nullif(compared.baseline_median, 0) AS DOUBLE) AS slowdown_ratio,
    CAST(compared.execution_count AS BIGINT) AS execution_count,
    CAST(compared.last_microseconds / 1e6 AS DOUBLE) AS last_execution_seconds,
    list_concat(
        CASE
            WHEN compared.definition_id IS DISTINCT FROM compared.previous_definition_id THEN ['definition']
            ELSE CAST([] AS VARCHAR[])
        END,
        CASE WHEN compared.dbt_version IS DISTINCT FROM compared.previous_dbt_version THEN ['dbt_version'] ELSE [] END,
        CASE WHEN compared.threads IS DISTINCT FROM compared.previous_threads THEN ['threads'] ELSE [] END,
        CASE WHEN compared.is_of_more_rows THEN ['rows_affected'] ELSE [] END
    ) AS changes,
    changes.changed_fields,
    compared.definition_id,
    compared.previous_definition_id,
    compared.previous_invocation_id,
    compared.dbt_version,
    compared.previous_dbt_version,
    compared.threads,
    compared.previous_threads,
    CAST(compared.following_rows_avg AS DOUBLE) AS rows_affected_avg,
    CAST(compared.baseline_rows_avg AS DOUBLE) AS baseline_rows_affected_avg
FROM compared
LEFT JOIN internal.definition_changes AS changes
    ON changes.previous_definition_id = compared.previous_definition_id
    AND changes.definition_id = compared.definition_id;

COMMENT ON VIEW v1.execution_time_regressions IS 'One row per regression: from an execution on, it and the next two took longer than the median of the 20 comparable ones before it (at least 5) by more than 6 median absolute deviations, by more than half of the median, and by more than a second.';
COMMENT ON COLUMN v1.execution_time_regressions.materialized IS 'The materialization of the executions that are compared.';
COMMENT ON COLUMN v1.execution_time_regressions.is_full_refresh IS 'Whether these executions are full refreshes; false where args are missing.';
COMMENT ON COLUMN v1.execution_time_regressions.began_at IS 'When the first slow execution was completed, UTC.';
COMMENT ON COLUMN v1.execution_time_regressions.began_date IS 'The day of began_at, UTC.';
COMMENT ON COLUMN v1.execution_time_regressions.ended_at IS 'When the first of three executions in a row that took at most limit_seconds was completed, UTC; NULL while there are none, and where the node became slower again before.';
COMMENT ON COLUMN v1.execution_time_regressions.is_confirmed IS 'False while fewer than two comparable executions have followed the first slow one.';
COMMENT ON COLUMN v1.execution_time_regressions.invocation_id IS 'The invocation of the first slow execution.';
COMMENT ON COLUMN v1.execution_time_regressions.command IS 'The command of the invocation of the first slow execution.';
COMMENT ON COLUMN v1.execution_time_regressions.baseline_seconds IS 'The median of the baseline: of up to 20 earlier execution times of class success or warn.';
COMMENT ON COLUMN v1.execution_time_regressions.baseline_deviation_seconds IS 'The median absolute deviation of the baseline from its median.';
COMMENT ON COLUMN v1.execution_time_regressions.baseline_count IS 'How many executions the baseline has, 5 to 20.';
COMMENT ON COLUMN v1.execution_time_regressions.limit_seconds IS 'The time that each slow execution exceeds: baseline_seconds plus the greatest of 6 deviations, half of baseline_seconds, and 1 second.';
COMMENT ON COLUMN v1.execution_time_regressions.regressed_seconds IS 'The median of the first three slow executions.';
COMMENT ON COLUMN v1.execution_time_regressions.slowdown_ratio IS 'regressed_seconds over baseline_seconds; NULL where baseline_seconds is 0.';
COMMENT ON COLUMN v1.execution_time_regressions.execution_count IS 'How many comparable executions there are from the first slow one to the next regression of the series.';
COMMENT ON COLUMN v1.execution_time_regressions.last_execution_seconds IS 'The time of the last comparable execution in the regression.';
COMMENT ON COLUMN v1.execution_time_regressions.changes IS 'What changed between the last execution of the baseline and the first slow one: definition, dbt_version, threads; and rows_affected, where its mean over the slow three is at least 1.5 times that of the baseline. Empty where nothing changed.';
COMMENT ON COLUMN v1.execution_time_regressions.changed_fields IS 'The fields of the definition that changed; NULL where none did, and where a third definition lay between the two.';
COMMENT ON COLUMN v1.execution_time_regressions.definition_id IS 'The definition at the first slow execution.';
COMMENT ON COLUMN v1.execution_time_regressions.previous_definition_id IS 'The definition at the comparable execution before.';
COMMENT ON COLUMN v1.execution_time_regressions.previous_invocation_id IS 'The invocation of the comparable execution before.';
COMMENT ON COLUMN v1.execution_time_regressions.dbt_version IS 'The version of dbt of the first slow execution.';
COMMENT ON COLUMN v1.execution_time_regressions.previous_dbt_version IS 'The version of dbt of the comparable execution before.';
COMMENT ON COLUMN v1.execution_time_regressions.threads IS 'The threads of the run of the first slow execution.';
COMMENT ON COLUMN v1.execution_time_regressions.previous_threads IS 'The threads of the run of the comparable execution before.';
COMMENT ON COLUMN v1.execution_time_regressions.rows_affected_avg IS 'The mean rows_affected of the first three slow executions, where the adapter reports them.';
COMMENT ON COLUMN v1.execution_time_regressions.baseline_rows_affected_avg IS 'The mean rows_affected of the baseline, where the adapter reports them.';
