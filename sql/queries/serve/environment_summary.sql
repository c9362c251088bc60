-- The newest commit of the runs of an environment, and the number of nodes of each type.
-- parameters: $environment_id
-- tables: runs (environment_id BIGINT, invocation_id VARCHAR, command VARCHAR, generated_at TIMESTAMP), nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR)
-- grain: one row
WITH counts AS (
    SELECT resource_type, count(*) AS node_count
    FROM nodes
    WHERE environment_id = $environment_id
    GROUP BY resource_type
    ORDER BY resource_type
)

SELECT
    (
        SELECT arg_max(invocations.git_sha, runs.generated_at)
        FROM runs
        INNER JOIN v1.invocations AS invocations
            ON invocations.invocation_id = runs.invocation_id
            AND invocations.command = runs.command
        WHERE runs.environment_id = $environment_id
    ) AS latest_git_sha,
    (SELECT json_group_object(resource_type, node_count) FROM counts) AS resource_counts
