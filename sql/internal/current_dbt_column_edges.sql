-- The last column lineage that dbt 2.0 wrote, for the nodes whose lineage `columns` has resolved.
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, to_column
CREATE OR REPLACE VIEW internal.current_dbt_column_edges AS
SELECT
    current_lineages.project_name,
    current_lineages.environment,
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind,
    edges.dbt_lineage_kind
FROM internal.current_column_lineages AS current_lineages
INNER JOIN internal.dbt_column_lineages AS written
    ON written.project_name IS NOT DISTINCT FROM current_lineages.project_name
    AND written.environment = current_lineages.environment
    AND written.valid_to IS NULL
INNER JOIN internal.dbt_column_edges AS edges
    ON edges.artifact_key = written.artifact_key
    AND edges.to_unique_id = current_lineages.unique_id;

COMMENT ON VIEW internal.current_dbt_column_edges IS 'One row per edge that dbt itself knows of the current nodes.';
