-- Which node depends on which.
-- parameters: $project, $environment
-- grain: project_name, environment, parent_unique_id, child_unique_id
SELECT project_name, environment, parent_unique_id, child_unique_id
FROM v1.node_edges
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, parent_unique_id, child_unique_id
