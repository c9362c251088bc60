-- Where the current manifests break rules of good practice.
-- parameters: $project, $environment
-- grain: project_name, environment, rule, unique_id
SELECT project_name, environment, rule, unique_id, category, severity, sentence
FROM v1.project_rules
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, rule, unique_id
