-- The last compiled code of every node.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, compiled_code
FROM v1.nodes
WHERE compiled_code <> ''
    AND resource_type IN ('model', 'snapshot', 'test', 'function')
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
