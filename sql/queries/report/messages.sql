-- The messages of failures and warnings, each up to 2,000 characters.
-- parameters: $since, $project, $environment, $job
-- grain: invocation_id, command, unique_id
SELECT invocation_id, command, unique_id, left(message, 2000) AS message, length(message) AS character_count
FROM v1.node_executions
WHERE status_class IN ('failure', 'warn')
    AND message IS NOT NULL
    AND ($since IS NULL OR run_generated_at >= $since)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
    AND ($job IS NULL OR job_name = $job)
ORDER BY run_generated_at, invocation_id, command, unique_id
