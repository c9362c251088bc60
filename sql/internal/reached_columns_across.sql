-- Every column that flows into one column, or that it flows into, across projects, by the lineage as it stood at a time.
-- grain: project_name, environment, unique_id, column_name
--
-- Not portable: internal.reached_nodes says why it is written this way. With `across` false the rows are those of
-- internal.reached_columns, which is faster.
CREATE OR REPLACE MACRO internal.reached_columns_across(
    node_unique_id, node_column_name, is_upwards, ts, across := TRUE
) AS TABLE
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT
        from_project_name,
        from_environment,
        from_unique_id,
        from_column,
        project_name AS to_project_name,
        environment AS to_environment,
        to_unique_id,
        to_column
    FROM internal.column_edges_across(node_unique_id, node_column_name, ts, across)
),

steps AS MATERIALIZED (
    SELECT
        CASE WHEN is_upwards THEN to_project_name ELSE from_project_name END AS here_project_name,
        CASE WHEN is_upwards THEN to_environment ELSE from_environment END AS here_environment,
        CASE WHEN is_upwards THEN to_unique_id ELSE from_unique_id END AS here_unique_id,
        lower(CASE WHEN is_upwards THEN to_column ELSE from_column END) AS here_column,
        CASE WHEN is_upwards THEN from_project_name ELSE to_project_name END AS there_project_name,
        CASE WHEN is_upwards THEN from_environment ELSE to_environment END AS there_environment,
        CASE WHEN is_upwards THEN from_unique_id ELSE to_unique_id END AS there_unique_id,
        lower(CASE WHEN is_upwards THEN from_column ELSE to_column END) AS there_column,
        CASE WHEN is_upwards THEN from_column ELSE to_column END AS there_name
    FROM edges
),

starts AS (
    SELECT project_name, environment, node_unique_id AS unique_id, lower(node_column_name) AS column_key
    FROM internal.manifest_periods
    WHERE valid_from <= ts AND (valid_to IS NULL OR ts < valid_to)
),

joining AS (
    SELECT
        there_project_name AS project_name,
        there_environment AS environment,
        there_unique_id AS unique_id,
        there_column AS column_key
    FROM steps
    GROUP BY there_project_name, there_environment, there_unique_id, there_column
    HAVING count(*) > 1
    UNION
    SELECT project_name, environment, unique_id, column_key
    FROM starts
),

reached (project_name, environment, unique_id, column_key, step, is_new) AS (
    SELECT project_name, environment, unique_id, column_key, 0, TRUE
    FROM starts

    UNION ALL

    SELECT project_name, environment, unique_id, column_key, max(step) + 1, bool_and(is_new)
    FROM (
        SELECT
            steps.there_project_name AS project_name,
            steps.there_environment AS environment,
            steps.there_unique_id AS unique_id,
            steps.there_column AS column_key,
            reached.step,
            TRUE AS is_new
        FROM reached
        INNER JOIN steps
            ON steps.here_project_name IS NOT DISTINCT FROM reached.project_name
            AND steps.here_environment = reached.environment
            AND steps.here_unique_id = reached.unique_id
            AND steps.here_column = reached.column_key
        WHERE reached.is_new
        UNION ALL
        SELECT reached.project_name, reached.environment, reached.unique_id, reached.column_key, reached.step, FALSE AS is_new
        FROM reached
        INNER JOIN joining
            ON joining.project_name IS NOT DISTINCT FROM reached.project_name
            AND joining.environment = reached.environment
            AND joining.unique_id = reached.unique_id
            AND joining.column_key = reached.column_key
    )
    WHERE EXISTS (SELECT 1 FROM reached WHERE is_new)
    GROUP BY project_name, environment, unique_id, column_key
)

SELECT
    reached.project_name,
    reached.environment,
    reached.unique_id,
    min(steps.there_name) AS column_name,
    min(reached.step) AS distance
FROM reached
INNER JOIN steps
    ON steps.there_project_name IS NOT DISTINCT FROM reached.project_name
    AND steps.there_environment = reached.environment
    AND steps.there_unique_id = reached.unique_id
    AND steps.there_column = reached.column_key
WHERE reached.is_new AND reached.step > 0
GROUP BY reached.project_name, reached.environment, reached.unique_id, reached.column_key;

COMMENT ON MACRO TABLE internal.reached_columns_across IS 'One row per column that is reached from the given one, upwards or downwards, in any project.';
