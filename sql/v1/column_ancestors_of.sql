-- All columns that one column comes from, with the shortest distance. Answers in milliseconds. `across := true` continues in other projects: see v1.project_edges.
-- grain: project_name, environment, unique_id, column_name
-- since: 0.1
CREATE OR REPLACE MACRO v1.column_ancestors_of(node_unique_id, node_column_name) AS TABLE (
    SELECT project_name, environment, unique_id, column_name, distance
    FROM internal.reached_columns(
        CAST(node_unique_id AS VARCHAR), CAST(node_column_name AS VARCHAR), TRUE, TIMESTAMP 'infinity'
    )
), (node_unique_id, node_column_name, across) AS TABLE (
    SELECT project_name, environment, unique_id, column_name, distance
    FROM internal.reached_columns_across(
        CAST(node_unique_id AS VARCHAR), CAST(node_column_name AS VARCHAR), TRUE, TIMESTAMP 'infinity', across
    )
);

COMMENT ON MACRO TABLE v1.column_ancestors_of IS 'All columns that one column comes from, in every project and environment: one row per column reached. `across := true` continues in other projects.';
