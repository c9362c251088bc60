-- When the runs of a job started since a time, and the last one before it.
-- parameters: $project, $environment, $job, $since
-- grain: project_name, environment, started_at
WITH starts AS (
    SELECT DISTINCT project_name, environment, started_at
    FROM v1.invocations
    WHERE job_name = $job
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
        AND started_at IS NOT NULL
)

SELECT project_name, environment, started_at
FROM starts
QUALIFY started_at >= $since
    OR started_at = max(started_at) FILTER (WHERE started_at < $since) OVER (PARTITION BY project_name, environment)
ORDER BY project_name ASC, environment ASC, started_at ASC
