-- How many tests every column has, and how many of them failed when they were last executed.
-- grain: project_name, environment, unique_id, column_name
CREATE OR REPLACE VIEW internal.test_counts AS
SELECT
    tests.project_name,
    tests.environment,
    tests.unique_id,
    tests.column_name,
    count(*) AS test_count,
    count(*) FILTER (WHERE counts.last_status_class = 'failure') AS failing_test_count
FROM internal.node_tests AS tests
LEFT JOIN internal.execution_counts AS counts
    ON counts.project_name IS NOT DISTINCT FROM tests.project_name
    AND counts.environment = tests.environment
    AND counts.unique_id = tests.test_unique_id
GROUP BY tests.project_name, tests.environment, tests.unique_id, tests.column_name;

COMMENT ON VIEW internal.test_counts IS
    'One row per tested column, in lower case, of a node; with a NULL column for the tests of the whole node.';
