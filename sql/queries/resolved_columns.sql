-- The columns of a node in each environment in which its lineage is resolved. A node of a type whose lineage is never
-- resolved, a source, gets those of all nodes: a row says only that there is column lineage.
-- parameters: $unique_id, $resolved_types
-- literals: $time
-- grain: project_name, environment, unique_id
SELECT lineages.columns
FROM internal.column_lineages_at($time) AS nodes
INNER JOIN stored.column_lineages AS lineages ON lineages.lineage_id = nodes.lineage_id
WHERE lineages.unique_id = $unique_id
    OR NOT list_contains($resolved_types, split_part($unique_id, '.', 1))
ORDER BY lineages.columns
