-- How often each node succeeded, over everything that was loaded.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_success_rates AS
SELECT
    counts.project_name,
    counts.environment,
    counts.unique_id,
    coalesce(nodes.resource_type, counts.resource_type) AS resource_type,
    coalesce(nodes.name, counts.name) AS name,
    counts.executed_count,
    counts.success_count,
    counts.warn_count,
    counts.failure_count,
    counts.skipped_count,
    CAST((counts.success_count + counts.warn_count) / CAST(nullif(counts.executed_count, 0) AS DOUBLE) AS DOUBLE)
        AS success_rate,
    counts.last_status,
    counts.last_executed_at
FROM internal.execution_counts AS counts
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM counts.project_name
    AND nodes.environment = counts.environment
    AND nodes.unique_id = counts.unique_id;

COMMENT ON VIEW v1.node_success_rates IS 'One row per node with results of commands that execute nodes.';
COMMENT ON COLUMN v1.node_success_rates.name IS 'The node''s name.';
COMMENT ON COLUMN v1.node_success_rates.success_rate IS 'success_count and warn_count over executed_count, 0 to 1; NULL when never executed.';
