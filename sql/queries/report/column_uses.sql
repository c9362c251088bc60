-- Which columns a node joins, filters, groups or sorts by.
-- parameters: $project, $environment
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, kind
SELECT project_name, environment, from_unique_id, from_column, to_unique_id, kind
FROM v1.column_uses
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, to_unique_id, from_unique_id, from_column, kind
