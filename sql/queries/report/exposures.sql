-- Who uses the models, and for what.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, exposure_type, label, maturity, url, owner_name, owner_email
FROM v1.exposures
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
