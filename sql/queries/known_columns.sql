-- The columns of a node that others read, and those that a manifest or a catalog describes.
-- parameters: $unique_id
-- literals: $time
-- grain: column_name
SELECT from_column AS column_name
FROM internal.column_edges_at($time)
WHERE from_unique_id = $unique_id
UNION
SELECT from_column
FROM internal.column_uses_at($time)
WHERE from_unique_id = $unique_id
UNION
SELECT column_name
FROM internal.described_columns
WHERE unique_id = $unique_id
ORDER BY column_name
