-- The run_results of which not all results are stored.
-- parameters: none
-- grain: artifact_key
SELECT artifacts.artifact_key
FROM stored.artifacts AS artifacts
LEFT JOIN (
    SELECT artifact_key, count(*) AS result_count
    FROM stored.node_executions
    GROUP BY artifact_key
) AS results ON results.artifact_key = artifacts.artifact_key
WHERE artifacts.kind = 'run_results'
    AND artifacts.error IS NULL
    AND artifacts.pruned_at IS NULL
    AND artifacts.entry_count <> coalesce(results.result_count, 0)
