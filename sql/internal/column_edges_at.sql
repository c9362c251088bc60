-- Which column flowed into which at a time; at 'infinity', now. A name in code stands for the node that has it.
-- grain: artifact_key, from_unique_id, from_column, to_unique_id, to_column, kind
CREATE OR REPLACE MACRO internal.column_edges_at(ts) AS TABLE
SELECT
    lineages.artifact_key,
    lineages.project_name,
    lineages.environment,
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

UNION ALL

SELECT
    periods.artifact_key,
    periods.project_name,
    periods.environment,
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind
FROM internal.column_lineage_periods AS periods
INNER JOIN internal.dbt_column_lineages AS dbt_lineages
    ON dbt_lineages.project_name IS NOT DISTINCT FROM periods.project_name
    AND dbt_lineages.environment = periods.environment
INNER JOIN internal.dbt_column_edges AS edges ON edges.artifact_key = dbt_lineages.artifact_key
WHERE
    periods.valid_from <= ts AND (periods.valid_to IS NULL OR ts < periods.valid_to)
    AND dbt_lineages.valid_from <= ts AND (dbt_lineages.valid_to IS NULL OR ts < dbt_lineages.valid_to)
    AND edges.to_column IS NOT NULL;

COMMENT ON MACRO TABLE internal.column_edges_at IS 'One row per column, column it flows into, and manifest that says so.';
