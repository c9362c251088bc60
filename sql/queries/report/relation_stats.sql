-- Every statistic of every catalog: how relations grew.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id, stat_id, catalog_generated_at
SELECT
    history.project_name,
    history.environment,
    history.unique_id,
    history.stat_id,
    stats.label,
    epoch_ms(history.catalog_generated_at) AS catalog_generated_at,
    history.value,
    history.value_double
FROM v1.relation_stat_history AS history
INNER JOIN v1.relation_stats AS stats
    ON stats.project_name IS NOT DISTINCT FROM history.project_name
    AND stats.environment = history.environment
    AND stats.unique_id = history.unique_id
    AND stats.stat_id = history.stat_id
WHERE stats.is_included
    AND ($project IS NULL OR history.project_name = $project)
    AND ($environment IS NULL OR history.environment = $environment)
ORDER BY history.catalog_generated_at, history.unique_id, history.stat_id
