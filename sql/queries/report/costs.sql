-- What each node cost over all runs.
-- parameters: $since, $project, $environment, $job
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    count(*) AS executed_count,
    sum(execution_seconds) AS execution_seconds,
    CAST(sum(rows_affected) AS BIGINT) AS rows_affected,
    CAST(sum(bytes_processed) AS BIGINT) AS bytes_processed,
    CAST(sum(bytes_billed) AS BIGINT) AS bytes_billed,
    sum(slot_seconds) AS slot_seconds,
    sum(credits) AS credits
FROM v1.costs
WHERE ($since IS NULL OR run_date >= CAST($since AS DATE))
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
GROUP BY project_name, environment, unique_id
ORDER BY project_name, environment, unique_id
