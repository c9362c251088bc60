-- How long each node takes when it succeeds and, apart from that, when it fails.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_execution_times AS
-- The sums are of integers (femtoseconds; nanoseconds where they are squared), which add up exactly: the order of
-- loading must not show in the last digit of an average. A time beyond 10^7 seconds does not count; a node with no
-- other times has no row. Successes and failures are grouped apart and joined afterwards: a FILTER on every sum takes
-- a third longer.
WITH executed AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        status_class = 'failure' AS is_failure,
        recency,
        execution_seconds,
        CASE WHEN execution_seconds BETWEEN 0 AND 1e7 THEN execution_seconds END AS seconds
    FROM internal.classified_executions
    WHERE is_timed
),

measured AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        is_failure,
        recency,
        execution_seconds,
        seconds,
        CAST(round(seconds * 1e15) AS HUGEINT) AS femtoseconds,
        CAST(round(seconds * 1e9) AS BIGINT) AS nanoseconds
    FROM executed
),

outcomes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        is_failure,
        count(*) - count(execution_seconds) AS untimed_count,
        count(seconds) AS execution_count,
        sum(femtoseconds) AS femtoseconds,
        sum(CAST(nanoseconds AS HUGEINT)) AS nanoseconds,
        sum(CAST(nanoseconds AS HUGEINT) * nanoseconds) AS squared_nanoseconds,
        quantile_cont(seconds, [0.5, 0.95]) AS quantiles,
        min(seconds) AS execution_seconds_min,
        max(seconds) AS execution_seconds_max,
        max(recency) AS recency,
        arg_max_null(execution_seconds, recency) AS last_execution_seconds
    FROM measured
    GROUP BY project_name, environment, unique_id, resource_type, name, is_failure
),

times AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        coalesce(max(execution_count) FILTER (WHERE NOT is_failure), 0) AS execution_count,
        max(femtoseconds) FILTER (WHERE NOT is_failure) AS femtoseconds,
        max(nanoseconds) FILTER (WHERE NOT is_failure) AS nanoseconds,
        max(squared_nanoseconds) FILTER (WHERE NOT is_failure) AS squared_nanoseconds,
        max(quantiles) FILTER (WHERE NOT is_failure) AS quantiles,
        max(execution_seconds_min) FILTER (WHERE NOT is_failure) AS execution_seconds_min,
        max(execution_seconds_max) FILTER (WHERE NOT is_failure) AS execution_seconds_max,
        arg_max_null(last_execution_seconds, recency) AS last_execution_seconds,
        max(last_execution_seconds) FILTER (WHERE NOT is_failure) AS last_success_execution_seconds,
        coalesce(max(execution_count) FILTER (WHERE is_failure), 0) AS failed_execution_count,
        max(femtoseconds) FILTER (WHERE is_failure) AS failed_femtoseconds
    FROM outcomes
    GROUP BY project_name, environment, unique_id, resource_type, name
    HAVING sum(untimed_count + execution_count) > 0
)

SELECT
    times.project_name,
    times.environment,
    times.unique_id,
    coalesce(nodes.resource_type, times.resource_type) AS resource_type,
    coalesce(nodes.name, times.name) AS name,
    nodes.materialized,
    times.execution_count,
    CAST(times.femtoseconds AS DOUBLE) / nullif(times.execution_count, 0) / 1e15 AS execution_seconds_avg,
    times.quantiles[1] AS execution_seconds_median,
    times.quantiles[2] AS execution_seconds_p95,
    times.execution_seconds_min,
    times.execution_seconds_max,
    CASE
        WHEN times.execution_count > 1
            THEN sqrt(
                CAST(
                    times.squared_nanoseconds * times.execution_count - times.nanoseconds * times.nanoseconds
                    AS DOUBLE
                ) / times.execution_count / (times.execution_count - 1)
            ) / 1e9
    END AS execution_seconds_stddev,
    CAST(times.femtoseconds AS DOUBLE) / 1e15 AS execution_seconds_sum,
    times.last_execution_seconds,
    times.failed_execution_count,
    CAST(times.failed_femtoseconds AS DOUBLE) / nullif(times.failed_execution_count, 0) / 1e15
        AS failed_execution_seconds_avg,
    times.last_success_execution_seconds
FROM times
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM times.project_name
    AND nodes.environment = times.environment
    AND nodes.unique_id = times.unique_id;

COMMENT ON VIEW v1.node_execution_times IS 'One row per node that was ever executed.';
COMMENT ON COLUMN v1.node_execution_times.name IS 'The node''s name.';
COMMENT ON COLUMN v1.node_execution_times.materialized IS 'The materialization in the current manifest.';
COMMENT ON COLUMN v1.node_execution_times.execution_count IS 'How many executions of class success or warn have a time (rule 5, docs/rules.md).';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_avg IS 'The mean of these times.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_median IS 'The median of these times.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_p95 IS 'The 95th percentile of these times, interpolated.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_min IS 'The shortest of these times.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_max IS 'The longest of these times.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_stddev IS 'The sample standard deviation of these times; NULL for a single one.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_sum IS 'The sum of these times.';
COMMENT ON COLUMN v1.node_execution_times.last_execution_seconds IS 'The time of the last execution, failed or not.';
COMMENT ON COLUMN v1.node_execution_times.failed_execution_count IS 'How many executions of class failure have a time.';
COMMENT ON COLUMN v1.node_execution_times.failed_execution_seconds_avg IS 'The mean time of these failed executions.';
COMMENT ON COLUMN v1.node_execution_times.last_success_execution_seconds IS 'The time of the last execution of class success or warn.';
