-- The rows of artifacts that are pruned, of which a prune leaves none.
-- parameters: none
-- grain: none
SELECT artifacts.artifact_key
FROM stored.artifacts AS artifacts
INNER JOIN (
    SELECT artifact_key FROM stored.invocations
    UNION ALL
    SELECT artifact_key FROM stored.node_executions
    UNION ALL
    SELECT artifact_key FROM stored.relation_stats
    UNION ALL
    SELECT artifact_key FROM stored.dbt_column_edges
    UNION ALL
    SELECT artifact_key FROM stored.source_freshness
) AS kept ON kept.artifact_key = artifacts.artifact_key
WHERE artifacts.pruned_at IS NOT NULL
