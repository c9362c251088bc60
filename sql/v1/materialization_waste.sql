-- What was executed for nothing: tables that were rebuilt though no source had changed, and tests that never failed.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.materialization_waste AS
-- The sums are of whole femtoseconds, which add up exactly in any order. A time beyond 10^9 seconds does not count.
WITH tables AS (
    SELECT
        project_name,
        environment,
        unique_id,
        'model' AS resource_type,
        'unchanged_sources' AS reason,
        count(*) AS executed_count,
        count(*) FILTER (WHERE is_judged) AS judged_count,
        count(*) FILTER (WHERE is_unchanged) AS wasted_count,
        sum(CASE WHEN execution_seconds BETWEEN 0 AND 1e9 THEN CAST(round(execution_seconds * 1e15) AS HUGEINT) END)
            AS femtoseconds,
        coalesce(
            sum(CASE WHEN execution_seconds BETWEEN 0 AND 1e9 THEN CAST(round(execution_seconds * 1e15) AS HUGEINT) END)
                FILTER (WHERE is_unchanged),
            0
        ) AS wasted_femtoseconds,
        max(completed_at) FILTER (WHERE is_unchanged) AS last_wasted_at
    FROM internal.table_builds
    GROUP BY project_name, environment, unique_id
    HAVING count(*) FILTER (WHERE is_judged) > 0
),

tests AS (
    SELECT
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.resource_type,
        'never_failed' AS reason,
        count(*) AS executed_count,
        count(*) AS judged_count,
        count(*) AS wasted_count,
        sum(
            CASE
                WHEN executions.execution_seconds BETWEEN 0 AND 1e9
                    THEN CAST(round(executions.execution_seconds * 1e15) AS HUGEINT)
            END
        ) AS femtoseconds,
        sum(
            CASE
                WHEN executions.execution_seconds BETWEEN 0 AND 1e9
                    THEN CAST(round(executions.execution_seconds * 1e15) AS HUGEINT)
            END
        ) AS wasted_femtoseconds,
        max(executions.completed_at) AS last_wasted_at
    FROM internal.classified_executions AS executions
    WHERE executions.is_timed
        AND executions.resource_type = 'test'
        -- node_outcomes has the counts: no times are summed for a test that ever failed.
        AND EXISTS (
            SELECT 1
            FROM internal.execution_counts AS counts
            WHERE counts.project_name IS NOT DISTINCT FROM executions.project_name
                AND counts.environment = executions.environment
                AND counts.unique_id = executions.unique_id
                AND counts.failure_count + counts.warn_count = 0
                AND counts.executed_count > 0
        )
    GROUP BY executions.project_name, executions.environment, executions.unique_id, executions.resource_type
    HAVING count(*) FILTER (WHERE executions.status_class <> 'success') = 0
),

found AS (
    SELECT
        project_name, environment, unique_id, resource_type, reason, executed_count, judged_count, wasted_count,
        femtoseconds, wasted_femtoseconds, last_wasted_at
    FROM tables
    UNION ALL
    SELECT
        project_name, environment, unique_id, resource_type, reason, executed_count, judged_count, wasted_count,
        femtoseconds, wasted_femtoseconds, last_wasted_at
    FROM tests
)

SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    reason,
    executed_count,
    judged_count,
    wasted_count,
    CAST(wasted_count / nullif(CAST(judged_count AS DOUBLE), 0) AS DOUBLE) AS wasted_rate,
    CAST(femtoseconds AS DOUBLE) / 1e15 AS execution_seconds_sum,
    CAST(wasted_femtoseconds AS DOUBLE) / 1e15 AS wasted_seconds,
    last_wasted_at
FROM found;

COMMENT ON VIEW v1.materialization_waste IS 'One row per table whose builds can be judged, and per data test that never failed or warned.';
COMMENT ON COLUMN v1.materialization_waste.unique_id IS 'The model or test.';
COMMENT ON COLUMN v1.materialization_waste.resource_type IS 'model or test.';
COMMENT ON COLUMN v1.materialization_waste.reason IS 'unchanged_sources: a table was rebuilt although nothing that it reads had changed. never_failed: a test always passed.';
COMMENT ON COLUMN v1.materialization_waste.executed_count IS 'How often a table was built with success; how often a test was executed.';
COMMENT ON COLUMN v1.materialization_waste.judged_count IS 'How many builds can be judged: they follow a complete build, and every source has a later freshness check. For a test, all.';
COMMENT ON COLUMN v1.materialization_waste.wasted_count IS 'How many judged builds are proved to have changed nothing. For a test, all.';
COMMENT ON COLUMN v1.materialization_waste.wasted_rate IS 'wasted_count over judged_count.';
COMMENT ON COLUMN v1.materialization_waste.execution_seconds_sum IS 'How long all executions took together.';
COMMENT ON COLUMN v1.materialization_waste.wasted_seconds IS 'How long the wasted executions took together.';
COMMENT ON COLUMN v1.materialization_waste.last_wasted_at IS 'When the last wasted execution was completed, UTC.';
