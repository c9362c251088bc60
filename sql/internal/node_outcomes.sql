-- How often every node came out with every status, and when last, over all results of commands that execute nodes.
-- grain: project_name, environment, unique_id, status
--
-- The one place that goes through all executions for counts and last results: it groups by what the rows have, and what
-- follows from the id and the status (type, name, class) stands among the keys, where DuckDB works it out once a group.
CREATE OR REPLACE VIEW internal.node_outcomes AS
SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    name,
    status,
    word_class AS status_class,
    word_class IN ('success', 'warn', 'failure') AS is_executed,
    count(*) AS result_count,
    max(completed_at) AS last_completed_at,
    max(recency) AS last_recency
FROM internal.classified_executions
WHERE is_counted AND word_class <> 'not_executed'
GROUP BY project_name, environment, unique_id, resource_type, name, status, word_class;

COMMENT ON VIEW internal.node_outcomes IS
    'One row per node and status, of commands that execute nodes. Type and name are the id''s.';
