-- How many runs of a window failed, and how many there were.
-- parameters: $since, $until, $project, $environment, $job
-- grain: project_name, environment
SELECT project_name, environment, count(*) FILTER (WHERE NOT is_success) AS failure_count, count(*) AS run_count
FROM v1.invocations
WHERE is_success IS NOT NULL
    AND generated_at > $since
    AND generated_at <= $until
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
GROUP BY project_name, environment
