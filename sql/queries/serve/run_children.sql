-- The nodes that depend on nodes directly, by the manifests of runs.
-- parameters: $run_ids, $unique_ids
-- tables: runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, artifact_key BIGINT, invocation_id VARCHAR, command VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, generated_at TIMESTAMP, elapsed_seconds DOUBLE, args JSON, graph_id VARCHAR, rendering_set_id VARCHAR, dbt_version VARCHAR, is_executing BOOLEAN)
-- grain: run_id, unique_id, related_unique_id
SELECT DISTINCT runs.run_id, edges.parent_unique_id AS unique_id, edges.child_unique_id AS related_unique_id
FROM runs
INNER JOIN internal.graph_edges AS edges ON edges.graph_id = runs.graph_id
WHERE runs.run_id IN (SELECT unnest(CAST($run_ids AS BIGINT[])))
    AND edges.parent_unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[])))
ORDER BY ALL
