-- How often every node had which status, and when last, over all results of commands that execute nodes.
-- grain: project_name, environment, unique_id, status, is_pruned
--
-- The one place that reads all executions for counts and last results. It groups by the columns of the rows. Type, name
-- and class follow from the id and the status: as keys, DuckDB computes them once for each group.
CREATE OR REPLACE VIEW internal.node_outcomes AS
WITH outcomes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        status,
        word_class AS status_class,
        FALSE AS is_pruned,
        count(*) AS result_count,
        max(completed_at) AS last_completed_at,
        max(recency) AS last_recency
    FROM internal.classified_executions
    WHERE is_counted AND word_class <> 'not_executed'
    GROUP BY project_name, environment, unique_id, resource_type, name, status, word_class
    UNION ALL
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        status,
        status_class,
        TRUE AS is_pruned,
        CAST(sum(result_count) AS BIGINT) AS result_count,
        max(last_completed_at) AS last_completed_at,
        max(last_recency) AS last_recency
    FROM internal.pruned_outcomes
    GROUP BY project_name, environment, unique_id, resource_type, name, status, status_class
)

SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    name,
    status,
    status_class,
    is_pruned,
    status_class IN ('success', 'warn', 'failure') AS is_executed,
    result_count,
    last_completed_at,
    last_recency
FROM outcomes;

COMMENT ON VIEW internal.node_outcomes IS
    'One row per node and status, of commands that execute nodes, pruned results apart. Type and name are those in the unique_id.';
