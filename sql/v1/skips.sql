-- Why nodes were skipped: for every skipped result the nearest failures above it, in the graph of that run.
-- grain: invocation_id, command, unique_id, failed_unique_id
-- since: 0.1
--
-- Not portable: a recursive `UNION`.
CREATE OR REPLACE VIEW v1.skips AS
-- The results of the runs with at least one skip.
WITH RECURSIVE results AS MATERIALIZED (
    SELECT artifact_key, graph_id, unique_id, resource_type, status, status_class
    FROM internal.classified_executions
    WHERE (is_executed OR status_class = 'skipped')
        AND artifact_key IN (SELECT artifact_key FROM internal.classified_executions WHERE status_class = 'skipped')
),

failures AS MATERIALIZED (
    SELECT artifact_key, graph_id, unique_id, resource_type, status
    FROM results
    WHERE status_class = 'failure'
),

edges AS MATERIALIZED (
    SELECT DISTINCT
        graph_id,
        parent_unique_id,
        child_unique_id,
        split_part(child_unique_id, '.', 1) IN ('test', 'unit_test') AS is_of_test
    FROM internal.graph_edges
    WHERE graph_id IN (SELECT graph_id FROM failures)
),

tested AS MATERIALIZED (
    SELECT
        failures.artifact_key,
        failures.graph_id,
        failures.unique_id AS failed_unique_id,
        failures.resource_type,
        edges.parent_unique_id AS tested_unique_id,
        count(*) OVER (PARTITION BY failures.artifact_key, failures.unique_id) AS tested_count
    FROM failures
    INNER JOIN edges ON edges.graph_id = failures.graph_id AND edges.child_unique_id = failures.unique_id
    WHERE failures.resource_type IN ('test', 'unit_test')
),

below (graph_id, tested_unique_id, unique_id) AS (
    SELECT tested.graph_id, tested.tested_unique_id, edges.child_unique_id
    FROM tested
    INNER JOIN edges ON edges.graph_id = tested.graph_id AND edges.parent_unique_id = tested.tested_unique_id
    WHERE tested.resource_type = 'test' AND tested.tested_count > 1 AND NOT edges.is_of_test
    UNION
    SELECT below.graph_id, below.tested_unique_id, edges.child_unique_id
    FROM below
    INNER JOIN edges ON edges.graph_id = below.graph_id AND edges.parent_unique_id = below.unique_id
    WHERE NOT edges.is_of_test
),

below_all AS MATERIALIZED (
    SELECT tested.artifact_key, tested.graph_id, tested.failed_unique_id, below.unique_id
    FROM tested
    INNER JOIN below ON below.graph_id = tested.graph_id AND below.tested_unique_id = tested.tested_unique_id
    WHERE tested.resource_type = 'test'
    GROUP BY tested.artifact_key, tested.graph_id, tested.failed_unique_id, below.unique_id
    HAVING count(*) = max(tested.tested_count)
),

-- A failed node stops its children, a failed test the nodes below everything that it tests, a failed unit test its
-- model.
first_stops AS (
    SELECT failures.artifact_key, failures.graph_id, failures.unique_id AS failed_unique_id, edges.child_unique_id
    FROM failures
    INNER JOIN edges ON edges.graph_id = failures.graph_id AND edges.parent_unique_id = failures.unique_id
    UNION
    SELECT artifact_key, graph_id, failed_unique_id, tested_unique_id AS child_unique_id
    FROM tested
    WHERE resource_type = 'unit_test'
    UNION
    SELECT tested.artifact_key, tested.graph_id, tested.failed_unique_id, edges.child_unique_id
    FROM tested
    INNER JOIN edges ON edges.graph_id = tested.graph_id AND edges.parent_unique_id = tested.tested_unique_id
    WHERE tested.resource_type = 'test' AND tested.tested_count = 1 AND NOT edges.is_of_test
    UNION
    SELECT below_all.artifact_key, below_all.graph_id, below_all.failed_unique_id, below_all.unique_id AS child_unique_id
    FROM below_all
    WHERE NOT EXISTS (
        SELECT 1
        FROM edges
        INNER JOIN below_all AS above ON above.graph_id = edges.graph_id AND above.unique_id = edges.parent_unique_id
        WHERE edges.graph_id = below_all.graph_id
            AND edges.child_unique_id = below_all.unique_id
            AND above.artifact_key = below_all.artifact_key
            AND above.failed_unique_id = below_all.failed_unique_id
    )
),

-- The search goes on through skipped nodes and through nodes without a result, such as ephemeral models. It is
-- breadth-first, from all failures of a run at once, so the failure that reaches a node first is the nearest. Every
-- step carries all nodes reached so far and goes on from the new ones. It ends when a step finds no new node, on cycles
-- too.
stopped (artifact_key, graph_id, failed_unique_id, unique_id, distance, step) AS (
    SELECT artifact_key, graph_id, failed_unique_id, child_unique_id, 1, 1
    FROM first_stops

    UNION ALL

    SELECT artifact_key, graph_id, failed_unique_id, unique_id, min(distance), max(step) + 1
    FROM (
        SELECT
            stopped.artifact_key,
            stopped.graph_id,
            stopped.failed_unique_id,
            edges.child_unique_id AS unique_id,
            stopped.distance + 1 AS distance,
            stopped.step
        FROM stopped
        INNER JOIN edges ON edges.graph_id = stopped.graph_id AND edges.parent_unique_id = stopped.unique_id
        WHERE stopped.distance = stopped.step
            AND NOT EXISTS (
                SELECT 1
                FROM results
                WHERE results.status_class <> 'skipped'
                    AND results.artifact_key = stopped.artifact_key
                    AND results.unique_id = stopped.unique_id
            )
            AND NOT EXISTS (
                SELECT 1
                FROM stopped AS before
                WHERE before.artifact_key = stopped.artifact_key AND before.unique_id = edges.child_unique_id
            )
        UNION ALL
        SELECT artifact_key, graph_id, failed_unique_id, unique_id, distance, step FROM stopped
    )
    WHERE artifact_key IN (SELECT artifact_key FROM stopped WHERE distance = step)
    GROUP BY artifact_key, graph_id, failed_unique_id, unique_id
),

nearest AS (
    SELECT DISTINCT artifact_key, unique_id, failed_unique_id, distance
    FROM stopped
)

SELECT
    runs.invocation_id,
    runs.command,
    skipped.unique_id,
    nearest.failed_unique_id,
    failed.status AS failed_status,
    nearest.distance,
    runs.project_name,
    runs.environment
FROM results AS skipped
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = skipped.artifact_key
LEFT JOIN nearest
    ON nearest.artifact_key = skipped.artifact_key
    AND nearest.unique_id = skipped.unique_id
LEFT JOIN failures AS failed
    ON failed.artifact_key = nearest.artifact_key
    AND failed.unique_id = nearest.failed_unique_id
WHERE skipped.status_class = 'skipped';

COMMENT ON VIEW v1.skips IS 'One row per skipped result and nearest failure above it. The failure is NULL where there is none (--fail-fast, or a missing manifest).';
COMMENT ON COLUMN v1.skips.unique_id IS 'The node that was skipped.';
COMMENT ON COLUMN v1.skips.failed_unique_id IS 'The nearest node, or test, whose failure stopped it; several where they are equally near.';
COMMENT ON COLUMN v1.skips.failed_status IS 'dbt''s status of that failure.';
COMMENT ON COLUMN v1.skips.distance IS 'The number of edges between the failed and the skipped node; 1 from a test to a node that waits for it.';
