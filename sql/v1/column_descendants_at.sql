-- All columns that one column flowed into at a time, with the shortest distance. Answers in milliseconds. `across := true` continues in other projects: see v1.project_edges.
-- grain: project_name, environment, unique_id, column_name
-- since: 0.1
CREATE OR REPLACE MACRO v1.column_descendants_at(node_unique_id, node_column_name, ts) AS TABLE (
    SELECT project_name, environment, unique_id, column_name, distance
    FROM internal.reached_columns(
        CAST(node_unique_id AS VARCHAR), CAST(node_column_name AS VARCHAR), FALSE, CAST(ts AS TIMESTAMP)
    )
), (node_unique_id, node_column_name, ts, across) AS TABLE (
    SELECT project_name, environment, unique_id, column_name, distance
    FROM internal.reached_columns_across(
        CAST(node_unique_id AS VARCHAR), CAST(node_column_name AS VARCHAR), FALSE, CAST(ts AS TIMESTAMP), across
    )
);

COMMENT ON MACRO TABLE v1.column_descendants_at IS 'All columns that one column flowed into by the code as it stood at that time (UTC), in every project and environment: one row per column reached. `across := true` continues in other projects.';
