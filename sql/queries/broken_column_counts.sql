-- The column lineages whose resolved and unresolved columns are not together all columns.
-- parameters: none
-- grain: lineage_id
SELECT lineage_id
FROM stored.column_lineages
WHERE column_count <> len(columns)
    OR resolved_count + len(unresolved_columns)
    <> CASE WHEN status IN ('not_compiled', 'not_sql') THEN 0 ELSE column_count END
