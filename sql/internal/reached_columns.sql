-- Every column that flows into one column, or that it flows into, by the lineage as it stood at a time.
-- grain: project_name, environment, unique_id, column_name
--
-- Not portable: a breadth-first search from the one column. internal.reached_nodes says why it is written this way.
-- `ts` 'infinity' means the current lineage. Names of columns match without regard to case.
CREATE OR REPLACE MACRO internal.reached_columns(node_unique_id, node_column_name, is_upwards, ts) AS TABLE
WITH RECURSIVE manifests AS MATERIALIZED (
    SELECT project_name, environment, artifact_key
    FROM internal.column_lineage_periods
    WHERE valid_from <= ts AND (valid_to IS NULL OR ts < valid_to)
),

steps AS MATERIALIZED (
    SELECT
        artifact_key,
        CASE WHEN is_upwards THEN to_unique_id ELSE from_unique_id END AS here_unique_id,
        lower(CASE WHEN is_upwards THEN to_column ELSE from_column END) AS here_column,
        CASE WHEN is_upwards THEN from_unique_id ELSE to_unique_id END AS there_unique_id,
        lower(CASE WHEN is_upwards THEN from_column ELSE to_column END) AS there_column,
        CASE WHEN is_upwards THEN from_column ELSE to_column END AS there_name
    FROM internal.column_edges_at(ts)
),

joining AS (
    SELECT artifact_key, there_unique_id AS unique_id, there_column AS column_key
    FROM steps
    GROUP BY artifact_key, there_unique_id, there_column
    HAVING count(*) > 1
    UNION
    SELECT artifact_key, node_unique_id, lower(node_column_name)
    FROM manifests
),

reached (artifact_key, unique_id, column_key, step, is_new) AS (
    SELECT artifact_key, node_unique_id, lower(node_column_name), 0, TRUE
    FROM manifests

    UNION ALL

    SELECT artifact_key, unique_id, column_key, max(step) + 1, bool_and(is_new)
    FROM (
        SELECT
            steps.artifact_key,
            steps.there_unique_id AS unique_id,
            steps.there_column AS column_key,
            reached.step,
            TRUE AS is_new
        FROM reached
        INNER JOIN steps
            ON steps.artifact_key = reached.artifact_key
            AND steps.here_unique_id = reached.unique_id
            AND steps.here_column = reached.column_key
        WHERE reached.is_new
        UNION ALL
        SELECT reached.artifact_key, reached.unique_id, reached.column_key, reached.step, FALSE AS is_new
        FROM reached
        INNER JOIN joining
            ON joining.artifact_key = reached.artifact_key
            AND joining.unique_id = reached.unique_id
            AND joining.column_key = reached.column_key
    )
    WHERE EXISTS (SELECT 1 FROM reached WHERE is_new)
    GROUP BY artifact_key, unique_id, column_key
)

SELECT
    manifests.project_name,
    manifests.environment,
    reached.unique_id,
    min(steps.there_name) AS column_name,
    min(reached.step) AS distance
FROM reached
INNER JOIN manifests ON manifests.artifact_key = reached.artifact_key
INNER JOIN steps
    ON steps.artifact_key = reached.artifact_key
    AND steps.there_unique_id = reached.unique_id
    AND steps.there_column = reached.column_key
WHERE reached.is_new AND reached.step > 0
GROUP BY manifests.project_name, manifests.environment, reached.unique_id, reached.column_key;

COMMENT ON MACRO TABLE internal.reached_columns IS 'One row per column that is reached from the given one, upwards or downwards.';
