-- Which column flowed into which at a time; 'infinity' means now. A name in code stands for the node of that name.
-- grain: artifact_key, from_unique_id, from_column, to_unique_id, to_column, kind
CREATE OR REPLACE MACRO internal.column_edges_at(ts) AS TABLE
SELECT
    lineages.artifact_key,
    lineages.project_name,
    lineages.environment,
    lineages.project_name AS from_project_name,
    lineages.environment AS from_environment,
    coalesce(names.unique_id, edges.from_unique_id) AS from_unique_id,
    edges.from_column,
    lineages.unique_id AS to_unique_id,
    edges.to_column,
    edges.kind
FROM internal.column_lineages_at(ts) AS lineages
INNER JOIN stored.column_edges AS edges ON edges.lineage_id = lineages.lineage_id
LEFT JOIN internal.relation_names AS names
    ON names.artifact_key = lineages.artifact_key
    AND names.relation_name = edges.from_unique_id
WHERE
    -- The lineage that dbt wrote of a node is better than a guess by name.
    edges.method <> 'name'
    OR lineages.unique_id NOT IN (SELECT to_unique_id FROM stored.dbt_column_edges WHERE to_unique_id IS NOT NULL)

UNION ALL

SELECT
    lineages.artifact_key,
    lineages.project_name,
    lineages.environment,
    lineages.project_name AS from_project_name,
    lineages.environment AS from_environment,
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind
FROM internal.column_lineages_at(ts) AS lineages
INNER JOIN internal.dbt_column_lineages AS written
    ON written.project_name IS NOT DISTINCT FROM lineages.project_name
    AND written.environment = lineages.environment
    AND written.valid_from <= ts
    AND (written.valid_to IS NULL OR ts < written.valid_to)
INNER JOIN internal.dbt_column_edges AS edges
    ON edges.artifact_key = written.artifact_key
    AND edges.to_unique_id = lineages.unique_id
WHERE edges.to_column IS NOT NULL;

COMMENT ON MACRO TABLE internal.column_edges_at IS 'One row per column, column it flows into, and manifest with this edge.';
