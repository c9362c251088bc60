-- How often each node succeeded on each day, over everything that was loaded.
-- grain: project_name, environment, unique_id, run_date
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_success_rates_by_day AS
WITH outcomes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        CAST(generated_at AS DATE) AS run_date,
        word_class AS status_class,
        1 AS result_count
    FROM internal.classified_executions
    WHERE is_counted AND word_class <> 'not_executed'
    UNION ALL
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        run_date,
        status_class,
        result_count
    FROM internal.pruned_outcomes
),

counts AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        run_date,
        CAST(coalesce(sum(result_count) FILTER (WHERE status_class IN ('success', 'warn', 'failure')), 0) AS BIGINT)
            AS executed_count,
        CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'success'), 0) AS BIGINT) AS success_count,
        CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'warn'), 0) AS BIGINT) AS warn_count,
        CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'failure'), 0) AS BIGINT) AS failure_count,
        CAST(coalesce(sum(result_count) FILTER (WHERE status_class = 'skipped'), 0) AS BIGINT) AS skipped_count
    FROM outcomes
    GROUP BY project_name, environment, unique_id, resource_type, name, run_date
)

SELECT
    project_name,
    environment,
    unique_id,
    run_date,
    resource_type,
    name,
    executed_count,
    success_count,
    warn_count,
    failure_count,
    skipped_count,
    CAST((success_count + warn_count) / CAST(nullif(executed_count, 0) AS DOUBLE) AS DOUBLE) AS success_rate
FROM counts;

COMMENT ON VIEW v1.node_success_rates_by_day IS 'One row per node and day with results of commands that execute nodes.';
COMMENT ON COLUMN v1.node_success_rates_by_day.name IS 'The node''s name, from the unique_id.';
COMMENT ON COLUMN v1.node_success_rates_by_day.success_rate IS 'success_count and warn_count over executed_count, 0 to 1; NULL when not executed.';
