-- Every statistic that the catalogs have of the current nodes, by the latest catalog that has them.
-- grain: project_name, environment, unique_id, stat_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.relation_stats AS
SELECT
    relations.project_name,
    relations.environment,
    relations.unique_id,
    stats.stat_id,
    stats.label,
    stats.description,
    stats.value,
    stats.value_double,
    stats.is_included,
    relations.catalog_generated_at,
    stats.extra
FROM internal.current_relations AS relations
INNER JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM relations.project_name
    AND nodes.environment = relations.environment
    AND nodes.unique_id = relations.unique_id
INNER JOIN internal.known_stats AS stats
    ON stats.artifact_key = relations.artifact_key
    AND stats.unique_id = relations.unique_id;

COMMENT ON VIEW v1.relation_stats IS 'One row per statistic of a node of the current manifest.';
COMMENT ON COLUMN v1.relation_stats.stat_id IS 'The statistic, as the adapter names it: num_rows, bytes, last_modified, ….';
COMMENT ON COLUMN v1.relation_stats.value IS 'The value of the statistic, as text.';
COMMENT ON COLUMN v1.relation_stats.value_double IS 'The value, where it is a number; NULL for a negative number of rows or bytes, which means unknown.';
COMMENT ON COLUMN v1.relation_stats.is_included IS 'Whether dbt''s documentation shows it.';
COMMENT ON COLUMN v1.relation_stats.extra IS 'Every field of the statistic that has no column here, as dbt wrote it.';
