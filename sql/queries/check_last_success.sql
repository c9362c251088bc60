-- When a run last succeeded.
-- parameters: $until, $project, $environment, $job
-- grain: project_name, environment
SELECT project_name, environment, max(completed_at) AS completed_at
FROM v1.invocations
WHERE is_success
    AND completed_at <= $until
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
GROUP BY project_name, environment
