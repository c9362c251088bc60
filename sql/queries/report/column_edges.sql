-- Which column flows into which.
-- parameters: $project, $environment
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, to_column
SELECT project_name, environment, from_unique_id, from_column, to_unique_id, to_column, kind, confidence
FROM v1.column_edges
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, to_unique_id, to_column, from_unique_id, from_column
