-- The last runs that built or skipped a model in an environment, the newest first.
-- parameters: $environment_id, $unique_id, $identifier, $count, $with_catalog
-- tables: runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, artifact_key BIGINT, invocation_id VARCHAR, command VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, generated_at TIMESTAMP, elapsed_seconds DOUBLE, args JSON, graph_id VARCHAR, rendering_set_id VARCHAR, dbt_version VARCHAR, is_executing BOOLEAN), nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, identifier VARCHAR)
-- grain: run_id, unique_id
WITH wanted AS (
    SELECT unique_id
    FROM nodes
    WHERE environment_id = $environment_id
        AND resource_type = 'model'
        AND ($unique_id IS NULL OR unique_id = $unique_id)
        AND ($identifier IS NULL OR identifier = $identifier)
        AND ($unique_id IS NOT NULL OR $identifier IS NOT NULL)
    UNION
    SELECT $unique_id
    WHERE $unique_id IS NOT NULL AND $identifier IS NULL
),

catalogs AS (
    SELECT invocation_id FROM v1.artifacts WHERE kind = 'catalog' AND status = 'loaded'
),

built AS (
    SELECT
        runs.run_id,
        executions.unique_id,
        max(runs.generated_at) AS generated_at,
        bool_or(runs.invocation_id IN (SELECT invocation_id FROM catalogs)) AS has_catalog
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE runs.environment_id = $environment_id
        AND executions.is_counted
        AND executions.unique_id IN (SELECT unique_id FROM wanted)
    GROUP BY runs.run_id, executions.unique_id
)

SELECT run_id, unique_id
FROM built
WHERE has_catalog OR NOT coalesce($with_catalog, FALSE)
ORDER BY generated_at DESC, run_id, unique_id
LIMIT $count
