-- How often every node came out how, over all results of commands that execute nodes.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.execution_counts AS
SELECT
    project_name,
    environment,
    unique_id,
    any_value(resource_type) AS resource_type,
    any_value(name) AS name,
    count(*) FILTER (WHERE is_executed) AS executed_count,
    count(*) FILTER (WHERE status_class = 'success') AS success_count,
    count(*) FILTER (WHERE status_class = 'warn') AS warn_count,
    count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
    count(*) FILTER (WHERE status_class = 'skipped') AS skipped_count,
    max(completed_at) FILTER (WHERE status_class = 'failure') AS last_failed_at,
    max(completed_at) FILTER (WHERE status_class = 'skipped') AS last_skipped_at
FROM internal.classified_executions
WHERE status_class <> 'not_executed'
GROUP BY project_name, environment, unique_id;

COMMENT ON VIEW internal.execution_counts IS
    'One row per node with results of commands that execute nodes. Type and name are the id''s.';
