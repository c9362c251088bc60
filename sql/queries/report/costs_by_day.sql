-- What all nodes cost on each day, by resource type.
-- parameters: $since, $project, $environment, $job
-- grain: project_name, environment, run_date, resource_type
SELECT
    project_name,
    environment,
    epoch_ms(CAST(run_date AS TIMESTAMP)) AS run_date,
    resource_type,
    count(*) AS executed_count,
    sum(execution_seconds) AS execution_seconds,
    CAST(sum(bytes_billed) AS BIGINT) AS bytes_billed
FROM v1.costs
WHERE ($since IS NULL OR run_date >= CAST($since AS DATE))
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
GROUP BY project_name, environment, run_date, resource_type
ORDER BY run_date, project_name, environment, resource_type
