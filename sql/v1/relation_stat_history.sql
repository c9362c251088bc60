-- Every statistic of every catalog that was loaded: how relations grew.
-- grain: project_name, environment, unique_id, stat_id, catalog_generated_at
-- since: 0.1
CREATE OR REPLACE VIEW v1.relation_stat_history AS
SELECT
    settled.project_name,
    settled.environment,
    stats.unique_id,
    stats.stat_id,
    artifacts.generated_at AS catalog_generated_at,
    stats.value,
    stats.value_double,
    stats.label,
    stats.description,
    stats.is_included,
    stats.extra
FROM internal.known_stats AS stats
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = stats.artifact_key
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = stats.artifact_key
WHERE settled.is_current
QUALIFY row_number() OVER (
    PARTITION BY settled.project_name, settled.environment, stats.unique_id, stats.stat_id, artifacts.generated_at
    ORDER BY artifacts.artifact_id ASC
) = 1;

COMMENT ON VIEW v1.relation_stat_history IS 'One row per statistic of a node in every catalog.';
COMMENT ON COLUMN v1.relation_stat_history.stat_id IS 'The statistic, as the adapter names it.';
COMMENT ON COLUMN v1.relation_stat_history.value IS 'The value of the statistic in that catalog, as text.';
COMMENT ON COLUMN v1.relation_stat_history.value_double IS 'The value in that catalog, where it is a number; NULL for a negative number of rows or bytes, which means unknown.';
COMMENT ON COLUMN v1.relation_stat_history.extra IS 'Every field of the statistic that has no column here, as dbt wrote it.';
COMMENT ON COLUMN v1.relation_stat_history.label IS 'Its label in that catalog.';
COMMENT ON COLUMN v1.relation_stat_history.description IS 'Its description in that catalog.';
COMMENT ON COLUMN v1.relation_stat_history.is_included IS 'Whether dbt''s documentation shows it.';
