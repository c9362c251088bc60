-- Every build of a table that reads only sources with freshness checks, and whether anything changed since its last build.
-- grain: artifact_key, unique_id
--
-- "Last built" is the last run that built the table and all tables, incremental models and snapshots above it: only
-- then is it certain that the table held what the sources held. A build counts as waste only where it is proved
-- unchanged.
CREATE OR REPLACE VIEW internal.table_builds AS
WITH nodes AS MATERIALIZED (
    SELECT project_name, environment, unique_id, resource_type, materialized
    FROM internal.current_nodes
    WHERE is_enabled AND resource_type IN ('model', 'snapshot', 'source')
),

watched AS (
    SELECT DISTINCT project_name, environment, unique_id
    FROM v1.source_freshness
    WHERE snapshotted_at IS NOT NULL AND max_loaded_at IS NOT NULL
),

ancestors AS MATERIALIZED (
    SELECT
        tables.project_name,
        tables.environment,
        tables.unique_id,
        ancestors.ancestor_unique_id,
        ancestors.ancestor_resource_type,
        above.materialized AS ancestor_materialized,
        watched.unique_id IS NOT NULL AS is_watched
    FROM nodes AS tables
    INNER JOIN v1.node_ancestors AS ancestors
        ON ancestors.project_name IS NOT DISTINCT FROM tables.project_name
        AND ancestors.environment = tables.environment
        AND ancestors.unique_id = tables.unique_id
    LEFT JOIN nodes AS above
        ON above.project_name IS NOT DISTINCT FROM tables.project_name
        AND above.environment = tables.environment
        AND above.unique_id = ancestors.ancestor_unique_id
    LEFT JOIN watched
        ON watched.project_name IS NOT DISTINCT FROM tables.project_name
        AND watched.environment = tables.environment
        AND watched.unique_id = ancestors.ancestor_unique_id
    WHERE tables.resource_type = 'model'
        AND tables.materialized = 'table'
        AND EXISTS (SELECT 1 FROM watched)
),

candidates AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        count(*) FILTER (WHERE ancestor_resource_type = 'source') AS source_count,
        count(*) FILTER (
            WHERE ancestor_resource_type IN ('model', 'snapshot')
            AND coalesce(ancestor_materialized, '') NOT IN ('view', 'ephemeral')
        ) AS built_count
    FROM ancestors
    GROUP BY project_name, environment, unique_id
    HAVING count(*) FILTER (WHERE ancestor_resource_type = 'source') > 0
        AND count(*) FILTER (WHERE ancestor_resource_type = 'source' AND NOT is_watched) = 0
),

pairs AS MATERIALIZED (
    SELECT
        ancestors.project_name,
        ancestors.environment,
        ancestors.unique_id,
        ancestors.ancestor_unique_id,
        ancestors.ancestor_resource_type,
        coalesce(ancestors.ancestor_materialized, '') AS ancestor_materialized
    FROM ancestors
    INNER JOIN candidates
        ON candidates.project_name IS NOT DISTINCT FROM ancestors.project_name
        AND candidates.environment = ancestors.environment
        AND candidates.unique_id = ancestors.unique_id
),

results AS MATERIALIZED (
    SELECT
        executions.artifact_key,
        executions.project_name,
        executions.environment,
        executions.unique_id,
        executions.resource_type,
        executions.execution_seconds,
        executions.completed_at,
        executions.rows_affected,
        executions.recency
    FROM internal.classified_executions AS executions
    WHERE executions.status_class IN ('success', 'warn')
        AND executions.is_timed
        AND executions.resource_type IN ('model', 'snapshot')
        AND executions.unique_id IN (
            SELECT unique_id FROM candidates
            UNION
            SELECT ancestor_unique_id FROM pairs WHERE ancestor_resource_type IN ('model', 'snapshot')
        )
),

built_above AS (
    SELECT results.artifact_key, pairs.unique_id, count(*) AS built_count
    FROM pairs
    INNER JOIN results
        ON results.project_name IS NOT DISTINCT FROM pairs.project_name
        AND results.environment = pairs.environment
        AND results.unique_id = pairs.ancestor_unique_id
    WHERE pairs.ancestor_resource_type IN ('model', 'snapshot')
        AND pairs.ancestor_materialized NOT IN ('view', 'ephemeral')
    GROUP BY results.artifact_key, pairs.unique_id
),

builds AS (
    SELECT
        results.artifact_key,
        results.project_name,
        results.environment,
        results.unique_id,
        results.execution_seconds,
        results.completed_at,
        results.recency,
        candidates.source_count,
        runs.generated_at,
        coalesce(runs.started_at, runs.first_started_at, runs.generated_at) AS started_at,
        coalesce(built_above.built_count, 0) = candidates.built_count AS is_complete
    FROM results
    INNER JOIN candidates
        ON candidates.project_name IS NOT DISTINCT FROM results.project_name
        AND candidates.environment = results.environment
        AND candidates.unique_id = results.unique_id
    INNER JOIN internal.current_runs AS runs ON runs.artifact_key = results.artifact_key
    LEFT JOIN built_above
        ON built_above.artifact_key = results.artifact_key
        AND built_above.unique_id = results.unique_id
),

followed AS MATERIALIZED (
    SELECT
        artifact_key,
        project_name,
        environment,
        unique_id,
        execution_seconds,
        completed_at,
        source_count,
        generated_at,
        last_value(CASE WHEN is_complete THEN started_at END IGNORE NULLS) OVER before AS previous_started_at,
        last_value(CASE WHEN is_complete THEN generated_at END IGNORE NULLS) OVER before AS previous_generated_at
    FROM builds
    WINDOW before AS (
        PARTITION BY project_name, environment, unique_id
        ORDER BY recency ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),

loads AS (
    SELECT
        builds.artifact_key,
        builds.unique_id,
        count(*) AS known_count,
        max(loads.max_loaded_at) AS max_loaded_at
    FROM followed AS builds
    INNER JOIN pairs
        ON pairs.project_name IS NOT DISTINCT FROM builds.project_name
        AND pairs.environment = builds.environment
        AND pairs.unique_id = builds.unique_id
        AND pairs.ancestor_resource_type = 'source'
    INNER JOIN internal.source_loads AS loads
        ON loads.artifact_key = builds.artifact_key
        AND loads.unique_id = pairs.ancestor_unique_id
    GROUP BY builds.artifact_key, builds.unique_id
),

-- Every definition of these tables and of their ancestors, with its beginning. All definitions would take far longer.
read AS (
    SELECT project_name, environment, unique_id, unique_id AS read_unique_id FROM candidates
    UNION ALL
    SELECT project_name, environment, unique_id, ancestor_unique_id AS read_unique_id FROM pairs
),

versions AS (
    SELECT
        graphs.project_name,
        graphs.environment,
        nodes.unique_id,
        graphs.valid_from,
        nodes.definition_id,
        lag(nodes.definition_id) OVER (
            PARTITION BY graphs.project_name, graphs.environment, nodes.unique_id ORDER BY graphs.valid_from ASC
        ) AS previous_definition_id
    FROM (
        SELECT
            project_name,
            environment,
            graph_id,
            valid_from,
            lag(graph_id) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC) AS previous_graph_id
        FROM internal.manifest_periods
    ) AS graphs
    INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = graphs.graph_id
    WHERE graphs.previous_graph_id IS DISTINCT FROM graphs.graph_id
        AND nodes.unique_id IN (SELECT read_unique_id FROM read)
),

-- The times of changes: in the code of the table or of an ancestor, and in snapshots above it.
changes AS (
    SELECT versions.project_name, versions.environment, read.unique_id, versions.valid_from AS changed_at
    FROM read
    INNER JOIN versions
        ON versions.project_name IS NOT DISTINCT FROM read.project_name
        AND versions.environment = read.environment
        AND versions.unique_id = read.read_unique_id
    WHERE versions.previous_definition_id IS DISTINCT FROM versions.definition_id
    UNION
    SELECT pairs.project_name, pairs.environment, pairs.unique_id, results.completed_at AS changed_at
    FROM pairs
    INNER JOIN results
        ON results.project_name IS NOT DISTINCT FROM pairs.project_name
        AND results.environment = pairs.environment
        AND results.unique_id = pairs.ancestor_unique_id
    WHERE pairs.ancestor_resource_type = 'snapshot' AND results.rows_affected IS DISTINCT FROM 0
),

changed AS (
    SELECT DISTINCT builds.artifact_key, builds.unique_id
    FROM followed AS builds
    INNER JOIN changes
        ON changes.project_name IS NOT DISTINCT FROM builds.project_name
        AND changes.environment = builds.environment
        AND changes.unique_id = builds.unique_id
    WHERE changes.changed_at > builds.previous_generated_at AND changes.changed_at <= builds.generated_at
)

SELECT
    builds.artifact_key,
    builds.project_name,
    builds.environment,
    builds.unique_id,
    builds.execution_seconds,
    builds.completed_at,
    -- A build can be judged by an earlier build and a later check of every source.
    builds.previous_started_at IS NOT NULL AND coalesce(loads.known_count, 0) = builds.source_count AS is_judged,
    builds.previous_started_at IS NOT NULL
    AND coalesce(loads.known_count, 0) = builds.source_count
    AND coalesce(loads.max_loaded_at <= builds.previous_started_at, FALSE)
    AND changed.unique_id IS NULL AS is_unchanged
FROM followed AS builds
LEFT JOIN loads
    ON loads.artifact_key = builds.artifact_key
    AND loads.unique_id = builds.unique_id
LEFT JOIN changed
    ON changed.artifact_key = builds.artifact_key
    AND changed.unique_id = builds.unique_id;

COMMENT ON VIEW internal.table_builds IS 'One row per successful build of a table all of whose sources were ever checked for freshness.';
