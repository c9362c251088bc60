-- Every build of a table that reads only sources with freshness checks, and whether anything changed since its last build.
-- grain: artifact_key, unique_id
--
-- "Last built" is the last run that built the table and all tables, incremental models and snapshots above it: only
-- then is it certain that the table held what the sources held. A build counts as waste only where it is proved
-- unchanged.
--
-- Not portable: recursive `UNION`s. Sources and times of changes are passed down the edges, and reach a table once.
-- Pairs of a node and an ancestor would be thousands of times as many rows.
CREATE OR REPLACE VIEW internal.table_builds AS
WITH RECURSIVE watched AS (
    SELECT DISTINCT project_name, environment, unique_id
    FROM v1.source_freshness
    WHERE snapshotted_at IS NOT NULL AND max_loaded_at IS NOT NULL
),

edges AS MATERIALIZED (
    SELECT DISTINCT project_name, environment, parent_unique_id, child_unique_id
    FROM internal.current_edges
    WHERE EXISTS (SELECT 1 FROM watched)
),

-- Every end of an edge has a number. A run builds models and snapshots that are neither views nor ephemeral.
nodes AS MATERIALIZED (
    SELECT
        ends.project_name,
        ends.environment,
        ends.unique_id,
        split_part(ends.unique_id, '.', 1) = 'source' AS is_source,
        split_part(ends.unique_id, '.', 1) = 'snapshot' AS is_snapshot,
        split_part(ends.unique_id, '.', 1) IN ('model', 'snapshot')
        AND coalesce(current_nodes.materialized, '') NOT IN ('view', 'ephemeral') AS is_built,
        coalesce(current_nodes.resource_type = 'model' AND current_nodes.materialized = 'table', FALSE) AS is_table,
        watched.unique_id IS NOT NULL AS is_watched,
        row_number() OVER (ORDER BY ends.project_name ASC, ends.environment ASC, ends.unique_id ASC) AS node
    FROM (
        SELECT project_name, environment, parent_unique_id AS unique_id FROM edges
        UNION
        SELECT project_name, environment, child_unique_id AS unique_id FROM edges
    ) AS ends
    LEFT JOIN internal.current_nodes AS current_nodes
        ON current_nodes.project_name IS NOT DISTINCT FROM ends.project_name
        AND current_nodes.environment = ends.environment
        AND current_nodes.unique_id = ends.unique_id
        AND current_nodes.is_enabled
        AND current_nodes.resource_type IN ('model', 'snapshot', 'source')
    LEFT JOIN watched
        ON watched.project_name IS NOT DISTINCT FROM ends.project_name
        AND watched.environment = ends.environment
        AND watched.unique_id = ends.unique_id
),

arcs AS MATERIALIZED (
    SELECT parents.node AS parent, children.node AS child
    FROM edges
    INNER JOIN nodes AS parents
        ON parents.project_name IS NOT DISTINCT FROM edges.project_name
        AND parents.environment = edges.environment
        AND parents.unique_id = edges.parent_unique_id
    INNER JOIN nodes AS children
        ON children.project_name IS NOT DISTINCT FROM edges.project_name
        AND children.environment = edges.environment
        AND children.unique_id = edges.child_unique_id
),

-- The sources above every node. All that are not watched are NULL.
sources (node, source) AS (
    SELECT arcs.child, CASE WHEN parents.is_watched THEN arcs.parent END
    FROM arcs
    INNER JOIN nodes AS parents ON parents.node = arcs.parent AND parents.is_source
    UNION
    SELECT arcs.child, sources.source
    FROM sources
    INNER JOIN arcs ON arcs.parent = sources.node
),

candidates AS MATERIALIZED (
    SELECT sources.node, count(*) AS source_count
    FROM sources
    INNER JOIN nodes ON nodes.node = sources.node AND nodes.is_table
    GROUP BY sources.node
    HAVING count(*) = count(sources.source)
),

-- The candidates and all that they depend on.
involved (node) AS (
    SELECT node FROM candidates
    UNION
    SELECT arcs.parent
    FROM involved
    INNER JOIN arcs ON arcs.child = involved.node
),

-- What a node that is built reads: other such nodes, directly or by way of nodes that no run builds.
read (node, parent) AS (
    SELECT arcs.child, arcs.parent
    FROM arcs
    INNER JOIN involved ON involved.node = arcs.child
    INNER JOIN nodes AS children ON children.node = arcs.child AND children.is_built
    UNION
    SELECT read.node, arcs.parent
    FROM read
    INNER JOIN nodes AS passed ON passed.node = read.parent AND NOT passed.is_built
    INNER JOIN arcs ON arcs.child = read.parent
),

needed AS MATERIALIZED (
    SELECT read.node, read.parent
    FROM read
    INNER JOIN nodes AS parents ON parents.node = read.parent AND parents.is_built
),

results AS MATERIALIZED (
    SELECT
        executions.artifact_key,
        nodes.node,
        nodes.is_snapshot,
        executions.execution_seconds,
        executions.completed_at,
        executions.rows_affected,
        executions.recency
    FROM internal.classified_executions AS executions
    INNER JOIN nodes
        ON nodes.project_name IS NOT DISTINCT FROM executions.project_name
        AND nodes.environment = executions.environment
        AND nodes.unique_id = executions.unique_id
    INNER JOIN involved ON involved.node = nodes.node
    WHERE executions.status_class IN ('success', 'warn')
        AND executions.is_timed
        AND executions.resource_type IN ('model', 'snapshot')
),

-- The builds above which something was not built in the same run.
incomplete (artifact_key, node) AS (
    SELECT results.artifact_key, results.node
    FROM results
    INNER JOIN needed ON needed.node = results.node
    LEFT JOIN results AS above ON above.artifact_key = results.artifact_key AND above.node = needed.parent
    WHERE above.node IS NULL
    UNION
    SELECT results.artifact_key, results.node
    FROM incomplete
    INNER JOIN needed ON needed.parent = incomplete.node
    INNER JOIN results ON results.artifact_key = incomplete.artifact_key AND results.node = needed.node
),

builds AS (
    SELECT
        results.artifact_key,
        results.node,
        results.execution_seconds,
        results.completed_at,
        results.recency,
        candidates.source_count,
        runs.generated_at,
        coalesce(runs.started_at, runs.first_started_at, runs.generated_at) AS started_at,
        incomplete.node IS NULL AS is_complete
    FROM results
    INNER JOIN candidates ON candidates.node = results.node
    INNER JOIN internal.current_runs AS runs ON runs.artifact_key = results.artifact_key
    LEFT JOIN incomplete ON incomplete.artifact_key = results.artifact_key AND incomplete.node = results.node
),

followed AS MATERIALIZED (
    SELECT
        artifact_key,
        node,
        execution_seconds,
        completed_at,
        source_count,
        generated_at,
        last_value(CASE WHEN is_complete THEN started_at END IGNORE NULLS) OVER before AS previous_started_at,
        last_value(CASE WHEN is_complete THEN generated_at END IGNORE NULLS) OVER before AS previous_generated_at
    FROM builds
    WINDOW before AS (PARTITION BY node ORDER BY recency ASC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

loads AS (
    SELECT
        builds.artifact_key,
        builds.node,
        count(*) AS known_count,
        max(loads.max_loaded_at) AS max_loaded_at
    FROM followed AS builds
    INNER JOIN sources ON sources.node = builds.node
    INNER JOIN nodes ON nodes.node = sources.source
    INNER JOIN internal.source_loads AS loads
        ON loads.artifact_key = builds.artifact_key
        AND loads.unique_id = nodes.unique_id
    GROUP BY builds.artifact_key, builds.node
),

-- Every definition of the involved nodes, with its beginning. All definitions would take far longer.
versions AS (
    SELECT
        involved_nodes.node,
        graphs.valid_from,
        definitions.definition_id,
        lag(definitions.definition_id) OVER (PARTITION BY involved_nodes.node ORDER BY graphs.valid_from ASC)
            AS previous_definition_id
    FROM (
        SELECT
            project_name,
            environment,
            graph_id,
            valid_from,
            lag(graph_id) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC) AS previous_graph_id
        FROM internal.manifest_periods
    ) AS graphs
    INNER JOIN internal.graph_nodes AS definitions ON definitions.graph_id = graphs.graph_id
    INNER JOIN (
        SELECT nodes.project_name, nodes.environment, nodes.unique_id, nodes.node
        FROM nodes
        INNER JOIN involved ON involved.node = nodes.node
    ) AS involved_nodes
        ON involved_nodes.project_name IS NOT DISTINCT FROM graphs.project_name
        AND involved_nodes.environment = graphs.environment
        AND involved_nodes.unique_id = definitions.unique_id
    WHERE graphs.previous_graph_id IS DISTINCT FROM graphs.graph_id
),

-- The times of changes: of the node's own code, of a snapshot's rows, and of all that the node depends on.
changes (node, changed_at) AS (
    SELECT node, valid_from
    FROM versions
    WHERE previous_definition_id IS DISTINCT FROM definition_id
    UNION
    SELECT node, completed_at
    FROM results
    WHERE is_snapshot AND rows_affected IS DISTINCT FROM 0
    UNION
    SELECT arcs.child, changes.changed_at
    FROM changes
    INNER JOIN arcs ON arcs.parent = changes.node
    INNER JOIN involved ON involved.node = arcs.child
),

changed AS (
    SELECT DISTINCT builds.artifact_key, builds.node
    FROM followed AS builds
    INNER JOIN changes ON changes.node = builds.node
    WHERE changes.changed_at > builds.previous_generated_at AND changes.changed_at <= builds.generated_at
)

SELECT
    builds.artifact_key,
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    builds.execution_seconds,
    builds.completed_at,
    -- A build can be judged by an earlier build and a later check of every source.
    builds.previous_started_at IS NOT NULL AND coalesce(loads.known_count, 0) = builds.source_count AS is_judged,
    builds.previous_started_at IS NOT NULL
    AND coalesce(loads.known_count, 0) = builds.source_count
    AND coalesce(loads.max_loaded_at <= builds.previous_started_at, FALSE)
    AND changed.node IS NULL AS is_unchanged
FROM followed AS builds
INNER JOIN nodes ON nodes.node = builds.node
LEFT JOIN loads ON loads.artifact_key = builds.artifact_key AND loads.node = builds.node
LEFT JOIN changed ON changed.artifact_key = builds.artifact_key AND changed.node = builds.node;

COMMENT ON VIEW internal.table_builds IS 'One row per successful build of a table all of whose sources were ever checked for freshness.';
