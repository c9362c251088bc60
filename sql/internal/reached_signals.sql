-- The signals of the nodes above every model and exposure: the kinds of problems, and whether anything is known.
-- grain: project_name, environment, unique_id, signal
--
-- Not portable: a recursive `UNION`. Each signal is passed down the edges, and reaches a node once. Pairs of a node and
-- an ancestor would be thousands of times as many rows. A node on a cycle gets its own signals, too. That does not
-- matter: models use only those of sources, which read nothing, and exposures have none of their own.
CREATE OR REPLACE VIEW internal.reached_signals AS
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT project_name, environment, parent_unique_id, child_unique_id
    FROM internal.current_edges
),

signals AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        CASE WHEN resource_type = 'source' AND is_freshness_error THEN 'failed_source' END AS failed_source,
        CASE WHEN resource_type = 'source' AND is_freshness_warned THEN 'warned_source' END AS warned_source,
        CASE WHEN resource_type = 'source' AND last_checked_at < as_of - INTERVAL 30 DAY THEN 'unchecked_source' END
            AS unchecked_source,
        CASE WHEN is_failing THEN 'failed_build' END AS failed_build,
        CASE WHEN is_skipped THEN 'skipped_build' END AS skipped_build,
        CASE WHEN failing_test_count > 0 THEN 'failed_test' END AS failed_test,
        CASE WHEN warned_test_count > 0 THEN 'warned_test' END AS warned_test,
        CASE WHEN coalesce(last_executed_at, last_tested_at, last_checked_at) IS NOT NULL THEN 'is_known' END AS is_known
    FROM internal.node_signals
),

said AS (
    SELECT
        project_name,
        environment,
        unique_id,
        unnest([
            failed_source, warned_source, unchecked_source, failed_build, skipped_build, failed_test, warned_test, is_known
        ]) AS signal
    FROM signals
    WHERE resource_type <> 'exposure'
),

above (project_name, environment, unique_id, signal) AS (
    SELECT edges.project_name, edges.environment, edges.child_unique_id, said.signal
    FROM said
    INNER JOIN edges
        ON edges.project_name IS NOT DISTINCT FROM said.project_name
        AND edges.environment = said.environment
        AND edges.parent_unique_id = said.unique_id
    WHERE said.signal IS NOT NULL
    UNION
    SELECT edges.project_name, edges.environment, edges.child_unique_id, above.signal
    FROM above
    INNER JOIN edges
        ON edges.project_name IS NOT DISTINCT FROM above.project_name
        AND edges.environment = above.environment
        AND edges.parent_unique_id = above.unique_id
)

SELECT above.project_name, above.environment, above.unique_id, above.signal
FROM above
INNER JOIN signals
    ON signals.project_name IS NOT DISTINCT FROM above.project_name
    AND signals.environment = above.environment
    AND signals.unique_id = above.unique_id
WHERE signals.resource_type IN ('model', 'exposure');

COMMENT ON VIEW internal.reached_signals IS 'One row per model or exposure and signal of any node above it.';
