-- How many executions of tests of a window failed, and how many there were.
-- parameters: $since, $until, $project, $environment, $job
-- grain: project_name, environment
SELECT
    project_name,
    environment,
    count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
    count(*) AS executed_count
FROM internal.classified_executions
WHERE is_executed
    AND resource_type IN ('test', 'unit_test')
    AND generated_at > $since
    AND generated_at <= $until
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
GROUP BY project_name, environment
