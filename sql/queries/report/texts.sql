-- The description and the meta of the nodes of the current manifests.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, description, CAST(meta AS VARCHAR) AS meta
FROM v1.nodes
WHERE (description <> '' OR CAST(meta AS VARCHAR) <> '{}')
    AND resource_type NOT IN ('doc', 'operation', 'group')
    AND (resource_type <> 'macro' OR package_name = project_name)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
