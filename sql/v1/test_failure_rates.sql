-- How often each test failed, over everything that was loaded. A warning is no failure.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.test_failure_rates AS
SELECT
    last.project_name,
    last.environment,
    last.unique_id,
    coalesce(nodes.name, last.name) AS name,
    definitions.test_type,
    definitions.tested_unique_id,
    definitions.column_name,
    definitions.severity,
    last.executed_count,
    last.failure_count,
    last.warn_count,
    CAST(last.failure_count / CAST(nullif(last.executed_count, 0) AS DOUBLE) AS DOUBLE) AS failure_rate,
    last.status AS last_status,
    last.failures AS last_failures,
    last.last_failed_at
FROM internal.last_executions AS last
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM last.project_name
    AND nodes.environment = last.environment
    AND nodes.unique_id = last.unique_id
LEFT JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
WHERE last.resource_type IN ('test', 'unit_test');

COMMENT ON VIEW v1.test_failure_rates IS 'One row per test, data test or unit test, with results of commands that execute nodes.';
COMMENT ON COLUMN v1.test_failure_rates.unique_id IS 'dbt''s id of the test.';
COMMENT ON COLUMN v1.test_failure_rates.name IS 'The test''s name.';
COMMENT ON COLUMN v1.test_failure_rates.test_type IS 'generic, singular or unit; NULL for a test that the current manifest does not have.';
COMMENT ON COLUMN v1.test_failure_rates.severity IS 'error or warn.';
COMMENT ON COLUMN v1.test_failure_rates.failure_count IS 'How often it failed, or could not be run (status fail or error).';
COMMENT ON COLUMN v1.test_failure_rates.failure_rate IS 'failure_count over executed_count, 0 to 1; NULL when never executed.';
