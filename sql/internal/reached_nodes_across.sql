-- Everything that one node depends on, or that depends on it, across projects, in the graphs as they stood at a time.
-- grain: project_name, environment, unique_id
--
-- Not portable: it is the search of internal.reached_nodes, over the edges of internal.node_edges_across. With `across`
-- false the rows are those of internal.reached_nodes, which is faster.
CREATE OR REPLACE MACRO internal.reached_nodes_across(node_unique_id, is_upwards, ts, across := TRUE) AS TABLE
WITH RECURSIVE manifests AS MATERIALIZED (
    SELECT project_name, environment, artifact_key, graph_id
    FROM internal.manifest_periods
    WHERE valid_from <= ts AND (valid_to IS NULL OR ts < valid_to)
),

nodes AS MATERIALIZED (
    SELECT manifests.artifact_key, nodes.unique_id, nodes.name
    FROM manifests
    INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = manifests.graph_id
),

steps AS MATERIALIZED (
    SELECT
        CASE WHEN is_upwards THEN child_artifact_key ELSE parent_artifact_key END AS from_artifact_key,
        CASE WHEN is_upwards THEN child_unique_id ELSE parent_unique_id END AS from_unique_id,
        CASE WHEN is_upwards THEN parent_artifact_key ELSE child_artifact_key END AS to_artifact_key,
        CASE WHEN is_upwards THEN parent_unique_id ELSE child_unique_id END AS to_unique_id
    FROM internal.node_edges_across(ts, across)
),

joining AS (
    SELECT to_artifact_key AS artifact_key, to_unique_id AS unique_id
    FROM steps
    GROUP BY to_artifact_key, to_unique_id
    HAVING count(*) > 1
    UNION
    SELECT artifact_key, node_unique_id
    FROM manifests
),

reached (artifact_key, unique_id, step, is_new) AS (
    SELECT artifact_key, node_unique_id, 0, TRUE
    FROM manifests

    UNION ALL

    SELECT artifact_key, unique_id, max(step) + 1, bool_and(is_new)
    FROM (
        SELECT steps.to_artifact_key AS artifact_key, steps.to_unique_id AS unique_id, reached.step, TRUE AS is_new
        FROM reached
        INNER JOIN steps
            ON steps.from_artifact_key = reached.artifact_key
            AND steps.from_unique_id = reached.unique_id
        WHERE reached.is_new
        UNION ALL
        SELECT reached.artifact_key, reached.unique_id, reached.step, FALSE AS is_new
        FROM reached
        INNER JOIN joining
            ON joining.artifact_key = reached.artifact_key
            AND joining.unique_id = reached.unique_id
    )
    WHERE EXISTS (SELECT 1 FROM reached WHERE is_new)
    GROUP BY artifact_key, unique_id
),

found AS (
    SELECT manifests.project_name, manifests.environment, reached.unique_id, nodes.name, reached.step
    FROM reached
    INNER JOIN manifests ON manifests.artifact_key = reached.artifact_key
    LEFT JOIN nodes
        ON nodes.artifact_key = reached.artifact_key
        AND nodes.unique_id = reached.unique_id
    WHERE reached.is_new AND reached.step > 0
),

others AS (
    SELECT unique_id, min(name) AS name
    FROM stored.definitions
    WHERE unique_id IN (SELECT unique_id FROM found WHERE name IS NULL)
    GROUP BY unique_id
)

SELECT
    found.project_name,
    found.environment,
    found.unique_id,
    split_part(found.unique_id, '.', 1) AS resource_type,
    coalesce(found.name, others.name, found.unique_id) AS name,
    found.step AS distance
FROM found
LEFT JOIN others ON others.unique_id = found.unique_id;

COMMENT ON MACRO TABLE internal.reached_nodes_across IS 'One row per node that is reached from the given one, upwards or downwards, in any project.';
