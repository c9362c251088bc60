-- What each metric calculates.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, label, metric_type, expression
FROM v1.metrics
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
