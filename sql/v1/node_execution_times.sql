-- How long each node takes when it succeeds, and, apart from that, when it fails.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_execution_times AS
WITH times AS (
    SELECT
        project_name,
        environment,
        unique_id,
        any_value(resource_type) AS resource_type,
        any_value(name) AS name,
        count(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_count,
        avg(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_seconds_avg,
        quantile_cont(execution_seconds, 0.5) FILTER (WHERE status_class <> 'failure')
            AS execution_seconds_median,
        quantile_cont(execution_seconds, 0.95) FILTER (WHERE status_class <> 'failure')
            AS execution_seconds_p95,
        min(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_seconds_min,
        max(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_seconds_max,
        stddev_samp(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_seconds_stddev,
        sum(execution_seconds) FILTER (WHERE status_class <> 'failure') AS execution_seconds_sum,
        count(execution_seconds) FILTER (WHERE status_class = 'failure') AS failed_execution_count,
        avg(execution_seconds) FILTER (WHERE status_class = 'failure') AS failed_execution_seconds_avg
    FROM internal.classified_executions
    WHERE is_executed
    GROUP BY project_name, environment, unique_id
)

SELECT
    times.project_name,
    times.environment,
    times.unique_id,
    coalesce(nodes.resource_type, times.resource_type) AS resource_type,
    coalesce(nodes.name, times.name) AS name,
    nodes.materialized,
    times.execution_count,
    times.execution_seconds_avg,
    times.execution_seconds_median,
    times.execution_seconds_p95,
    times.execution_seconds_min,
    times.execution_seconds_max,
    times.execution_seconds_stddev,
    times.execution_seconds_sum,
    last.execution_seconds AS last_execution_seconds,
    times.failed_execution_count,
    times.failed_execution_seconds_avg
FROM times
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM times.project_name
    AND nodes.environment = times.environment
    AND nodes.unique_id = times.unique_id
LEFT JOIN internal.last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM times.project_name
    AND last.environment = times.environment
    AND last.unique_id = times.unique_id;

COMMENT ON VIEW v1.node_execution_times IS 'One row per node that was ever executed.';
COMMENT ON COLUMN v1.node_execution_times.project_name IS 'The project.';
COMMENT ON COLUMN v1.node_execution_times.environment IS 'The environment.';
COMMENT ON COLUMN v1.node_execution_times.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.node_execution_times.resource_type IS 'model, test, seed, snapshot, ….';
COMMENT ON COLUMN v1.node_execution_times.name IS 'The node''s name.';
COMMENT ON COLUMN v1.node_execution_times.materialized IS 'The materialization in the current manifest.';
COMMENT ON COLUMN v1.node_execution_times.execution_count IS 'How many executions of class success or warn have a time.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_avg IS 'Their mean.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_median IS 'Their median.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_p95 IS 'Their 95th percentile, interpolated.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_min IS 'The shortest of them.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_max IS 'The longest of them.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_stddev IS 'Their sample standard deviation; NULL for a single one.';
COMMENT ON COLUMN v1.node_execution_times.execution_seconds_sum IS 'Their sum.';
COMMENT ON COLUMN v1.node_execution_times.last_execution_seconds IS 'The time of the last execution, failed or not.';
COMMENT ON COLUMN v1.node_execution_times.failed_execution_count IS 'How many executions of class failure have a time.';
COMMENT ON COLUMN v1.node_execution_times.failed_execution_seconds_avg IS 'Their mean.';
