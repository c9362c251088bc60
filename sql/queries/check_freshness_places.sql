-- The projects and environments whose sources were ever checked for freshness.
-- parameters: $project, $environment
-- grain: project_name, environment
SELECT DISTINCT project_name, environment
FROM internal.last_freshness
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
