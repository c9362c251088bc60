-- The projects and environments that a check is about: of the runs with these labels, and without a job of manifests
-- too.
-- parameters: $project, $environment, $job
-- grain: project_name, environment
SELECT project_name, environment
FROM stored.settled_artifacts
WHERE is_current
    AND command IS NOT NULL
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
UNION
SELECT project_name, environment
FROM internal.current_manifests
WHERE $job IS NULL
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name NULLS FIRST, environment NULLS FIRST
