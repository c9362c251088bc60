-- Which column flowed into which at a time, across projects; 'infinity' means now.
-- grain: from_project_name, from_environment, from_unique_id, from_column, project_name, environment, to_unique_id, to_column, kind
--
-- Not portable, like all macros. A column of an external node is that of the node in its own project. A column of a source
-- comes from the column of that name in the relation that another project makes: those columns that code reads, and the
-- one that is asked for. With `across` false the rows are those of internal.column_edges_at.
CREATE OR REPLACE MACRO internal.column_edges_across(node_unique_id, node_column_name, ts, across := TRUE) AS TABLE
WITH external_nodes AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        how_known,
        parent_project_name,
        parent_environment,
        parent_unique_id
    FROM internal.external_nodes_at(ts)
    WHERE across
),

edges AS MATERIALIZED (
    SELECT project_name, environment, from_unique_id, from_column, to_unique_id, to_column, kind
    FROM internal.column_edges_at(ts)
),

reads AS (
    SELECT project_name, environment, from_unique_id AS unique_id, from_column AS column_name
    FROM edges

    UNION

    SELECT project_name, environment, from_unique_id, from_column
    FROM internal.column_uses_at(ts)

    UNION

    SELECT project_name, environment, unique_id, node_column_name
    FROM external_nodes
    WHERE unique_id = node_unique_id
)

SELECT
    CASE WHEN parents.unique_id IS NULL THEN edges.project_name ELSE parents.parent_project_name END
        AS from_project_name,
    coalesce(parents.parent_environment, edges.environment) AS from_environment,
    edges.from_unique_id,
    edges.from_column,
    edges.project_name,
    edges.environment,
    edges.to_unique_id,
    edges.to_column,
    edges.kind
FROM edges
LEFT JOIN external_nodes AS parents
    ON parents.project_name IS NOT DISTINCT FROM edges.project_name
    AND parents.environment = edges.environment
    AND parents.unique_id = edges.from_unique_id
    AND parents.how_known = 'unique_id'
LEFT JOIN external_nodes AS children
    ON children.project_name IS NOT DISTINCT FROM edges.project_name
    AND children.environment = edges.environment
    AND children.unique_id = edges.to_unique_id
    AND children.how_known = 'unique_id'
WHERE children.unique_id IS NULL

UNION ALL

SELECT
    sources.parent_project_name,
    sources.parent_environment,
    sources.parent_unique_id,
    reads.column_name,
    reads.project_name,
    reads.environment,
    reads.unique_id,
    reads.column_name,
    'passthrough' AS kind
FROM reads
INNER JOIN external_nodes AS sources
    ON sources.project_name IS NOT DISTINCT FROM reads.project_name
    AND sources.environment = reads.environment
    AND sources.unique_id = reads.unique_id
    AND sources.how_known = 'relation';

COMMENT ON MACRO TABLE internal.column_edges_across IS 'One row per column and column it flows into, in one project or from one into another.';
