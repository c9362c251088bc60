-- The enabled exposures of this name or unique_id.
-- parameters: $exposure, $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, name, label
FROM v1.exposures
WHERE is_enabled
    AND (name = $exposure OR unique_id = $exposure)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name ASC, environment ASC, unique_id ASC
