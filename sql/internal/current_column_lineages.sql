-- The column lineage of every current node, as last resolved. A newer manifest may not be resolved yet.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.current_column_lineages AS
SELECT
    periods.project_name,
    periods.environment,
    lineages.unique_id,
    lineages.lineage_id,
    periods.artifact_key,
    periods.artifact_key <> manifests.artifact_key AS is_stale
FROM internal.column_lineage_periods AS periods
INNER JOIN internal.current_manifests AS manifests
    ON manifests.project_name IS NOT DISTINCT FROM periods.project_name
    AND manifests.environment = periods.environment
INNER JOIN stored.set_members AS members ON members.set_id = periods.set_id
INNER JOIN stored.column_lineages AS lineages ON lineages.lineage_id = members.member_id
INNER JOIN internal.graph_nodes AS nodes
    ON nodes.graph_id = manifests.graph_id
    AND nodes.unique_id = lineages.unique_id
WHERE periods.valid_to IS NULL AND nodes.is_enabled;

COMMENT ON VIEW internal.current_column_lineages IS 'One row per current node with column lineage, with ids only.';
