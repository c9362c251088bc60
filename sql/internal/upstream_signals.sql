-- What is wrong above every enabled model and exposure: sources that are not fresh, builds and tests that did not pass.
-- grain: project_name, environment, unique_id, upstream_unique_id
CREATE OR REPLACE VIEW internal.upstream_signals AS
SELECT
    ancestors.project_name,
    ancestors.environment,
    ancestors.unique_id,
    ancestors.resource_type,
    signals.unique_id AS upstream_unique_id,
    signals.resource_type AS upstream_resource_type,
    signals.as_of,
    signals.last_executed_at,
    signals.last_tested_at,
    signals.last_checked_at,
    signals.is_failing,
    signals.is_skipped,
    signals.failing_test_count,
    signals.warned_test_count,
    signals.is_freshness_error,
    signals.is_freshness_warned
FROM v1.node_ancestors AS ancestors
INNER JOIN internal.node_signals AS signals
    ON signals.project_name IS NOT DISTINCT FROM ancestors.project_name
    AND signals.environment = ancestors.environment
    AND signals.unique_id = ancestors.ancestor_unique_id
WHERE ancestors.resource_type IN ('model', 'exposure');

COMMENT ON VIEW internal.upstream_signals IS
    'One row per model or exposure and each model, seed, snapshot or source above it.';
