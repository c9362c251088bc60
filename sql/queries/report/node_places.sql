-- The projects and environments that know a node, the one with most of its results first.
-- parameters: $unique_id, $project, $environment
-- grain: project_name, environment
WITH mentions AS (
    SELECT project_name, environment, 1 AS is_result
    FROM v1.node_executions
    WHERE unique_id = $unique_id
    UNION ALL
    SELECT project_name, environment, 1 AS is_result
    FROM v1.source_freshness
    WHERE unique_id = $unique_id
    UNION ALL
    SELECT project_name, environment, 0 AS is_result
    FROM v1.definitions
    WHERE unique_id = $unique_id
)

SELECT project_name, environment, sum(is_result) AS result_count
FROM mentions
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
GROUP BY project_name, environment
ORDER BY result_count DESC, project_name, environment
