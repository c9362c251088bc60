-- How many columns of each node have a known lineage.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, status, column_count, resolved_count, error, is_stale
FROM v1.column_lineage_coverage
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
