-- Rows and bytes of every relation, from the last catalog that describes it.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.relation_sizes AS
SELECT
    relations.project_name,
    relations.environment,
    relations.unique_id,
    CAST(max(stats.value_double) FILTER (WHERE stats.is_row_count) AS BIGINT) AS row_count,
    CAST(max(stats.value_double) FILTER (WHERE stats.is_size) AS BIGINT) AS size_bytes
FROM internal.current_relations AS relations
INNER JOIN internal.known_stats AS stats
    ON stats.artifact_key = relations.artifact_key
    AND stats.unique_id = relations.unique_id
WHERE abs(stats.value_double) < 9e18
GROUP BY relations.project_name, relations.environment, relations.unique_id;

COMMENT ON VIEW internal.relation_sizes IS
    'One row per relation with numeric statistics.';
