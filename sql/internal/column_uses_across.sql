-- Which columns shaped the rows of which node at a time, across projects; 'infinity' means now.
-- grain: from_project_name, from_environment, from_unique_id, from_column, project_name, environment, to_unique_id, kind
--
-- Not portable, like all macros. A column of an external node is that of the node in its own project.
CREATE OR REPLACE MACRO internal.column_uses_across(ts) AS TABLE
WITH external_nodes AS MATERIALIZED (
    SELECT project_name, environment, unique_id, parent_project_name, parent_environment
    FROM internal.external_nodes_at(ts)
    WHERE how_known = 'unique_id'
)

SELECT
    CASE WHEN parents.unique_id IS NULL THEN uses.project_name ELSE parents.parent_project_name END
        AS from_project_name,
    coalesce(parents.parent_environment, uses.environment) AS from_environment,
    uses.from_unique_id,
    uses.from_column,
    uses.project_name,
    uses.environment,
    uses.to_unique_id,
    uses.kind
FROM internal.column_uses_at(ts) AS uses
LEFT JOIN external_nodes AS parents
    ON parents.project_name IS NOT DISTINCT FROM uses.project_name
    AND parents.environment = uses.environment
    AND parents.unique_id = uses.from_unique_id;

COMMENT ON MACRO TABLE internal.column_uses_across IS 'One row per column, node that uses it, and kind of use, in one project or from one into another.';
