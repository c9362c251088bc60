-- The broken rules of v1.project_rules that have one of some severities, and are not ignored.
-- parameters: $severities, $ignored, $project, $environment
-- grain: project_name, environment, broken
SELECT project_name, environment, unique_id || ' ' || rule AS broken
FROM v1.project_rules
WHERE list_contains($severities, severity)
    AND NOT list_contains($ignored, rule)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, broken
