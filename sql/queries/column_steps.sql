-- Every edge between reached columns, and every use of one. Each leads from the end that is nearer to the given column
-- (here) to the other end (there). Upwards, the columns that decide the rows of the node itself are there too;
-- downwards, every node whose rows a reached column decides.
-- parameters: $unique_id, $column, $depth
-- literals: $edges, $uses, $is_upwards
-- tables: reached (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, column_key VARCHAR, column_name VARCHAR, distance INTEGER)
-- grain: project_name, environment, here_unique_id, here_column, there_unique_id, there_column, kind, is_use
WITH flows AS (
    SELECT DISTINCT
        CASE WHEN $is_upwards THEN edges.from_project_name ELSE edges.project_name END AS project_name,
        CASE WHEN $is_upwards THEN edges.from_environment ELSE edges.environment END AS environment,
        CASE WHEN $is_upwards THEN children.unique_id ELSE parents.unique_id END AS here_unique_id,
        CASE WHEN $is_upwards THEN children.column_name ELSE parents.column_name END AS here_column,
        CASE WHEN $is_upwards THEN children.distance ELSE parents.distance END AS distance,
        CASE WHEN $is_upwards THEN parents.unique_id ELSE children.unique_id END AS there_unique_id,
        CASE WHEN $is_upwards THEN parents.column_name ELSE children.column_name END AS there_column,
        CASE WHEN $is_upwards THEN parents.distance ELSE children.distance END AS there_distance,
        edges.kind,
        FALSE AS is_use
    FROM $edges AS edges
    INNER JOIN reached AS children
        ON children.unique_id = edges.to_unique_id
        AND children.column_key = lower(edges.to_column)
        AND children.project_name IS NOT DISTINCT FROM edges.project_name
        AND children.environment = edges.environment
    INNER JOIN reached AS parents
        ON parents.unique_id = edges.from_unique_id
        AND parents.column_key = lower(edges.from_column)
        AND parents.project_name IS NOT DISTINCT FROM edges.from_project_name
        AND parents.environment = edges.from_environment
),

uses AS (
    SELECT DISTINCT
        CASE WHEN $is_upwards THEN uses.from_project_name ELSE uses.project_name END AS project_name,
        CASE WHEN $is_upwards THEN uses.from_environment ELSE uses.environment END AS environment,
        here.unique_id AS here_unique_id,
        here.column_name AS here_column,
        here.distance,
        CASE WHEN $is_upwards THEN uses.from_unique_id ELSE uses.to_unique_id END AS there_unique_id,
        CASE WHEN $is_upwards THEN uses.from_column END AS there_column,
        here.distance + 1 AS there_distance,
        uses.kind,
        TRUE AS is_use
    FROM $uses AS uses
    INNER JOIN reached AS here
        ON here.project_name
            IS NOT DISTINCT FROM CASE WHEN $is_upwards THEN uses.project_name ELSE uses.from_project_name END
        AND here.environment = CASE WHEN $is_upwards THEN uses.environment ELSE uses.from_environment END
        AND here.unique_id = CASE WHEN $is_upwards THEN uses.to_unique_id ELSE uses.from_unique_id END
        AND (
            CASE
                WHEN $is_upwards THEN here.unique_id = $unique_id AND here.column_key = lower($column)
                ELSE here.column_key = lower(uses.from_column)
            END
        )
)

SELECT *
FROM flows
WHERE distance < coalesce($depth, distance + 1)
UNION ALL
SELECT *
FROM uses
WHERE distance < coalesce($depth, distance + 1)
