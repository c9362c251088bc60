-- The column lineage that dbt 2.0 wrote last, of the nodes that are there now.
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, to_column
CREATE OR REPLACE VIEW internal.current_dbt_column_edges AS
SELECT
    manifests.project_name,
    manifests.environment,
    edges.from_unique_id,
    edges.from_column,
    edges.to_unique_id,
    edges.to_column,
    edges.kind,
    edges.dbt_lineage_kind
FROM internal.current_manifests AS manifests
INNER JOIN internal.dbt_column_lineages AS lineages
    ON lineages.project_name IS NOT DISTINCT FROM manifests.project_name
    AND lineages.environment = manifests.environment
    AND lineages.valid_to IS NULL
INNER JOIN internal.dbt_column_edges AS edges ON edges.artifact_key = lineages.artifact_key
INNER JOIN internal.graph_nodes AS nodes
    ON nodes.graph_id = manifests.graph_id
    AND nodes.unique_id = edges.to_unique_id
WHERE nodes.is_enabled;

COMMENT ON VIEW internal.current_dbt_column_edges IS 'One row per edge that dbt itself knows of the current nodes.';
