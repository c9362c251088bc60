-- How many tests every node has, and how many of them failed when they were last executed.
-- grain: project_name, environment, unique_id, column_name
CREATE OR REPLACE VIEW internal.test_counts AS
SELECT
    nodes.project_name,
    nodes.environment,
    definitions.tested_unique_id AS unique_id,
    lower(definitions.column_name) AS column_name,
    count(*) AS test_count,
    count(*) FILTER (WHERE last.status_class = 'failure') AS failing_test_count
FROM internal.current_nodes AS nodes
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN internal.last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last.environment = nodes.environment
    AND last.unique_id = nodes.unique_id
WHERE definitions.tested_unique_id IS NOT NULL AND nodes.is_enabled
GROUP BY nodes.project_name, nodes.environment, definitions.tested_unique_id, lower(definitions.column_name);

COMMENT ON VIEW internal.test_counts IS
    'One row per tested column, in lower case, of a node; with a NULL column for the tests of the whole node.';
