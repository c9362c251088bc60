-- The rows that one table has about nodes of an environment.
-- parameters: $environment_ids, $unique_ids
-- literals: $table
-- tables: links (environment_id BIGINT, unique_id VARCHAR)
-- grain: environment_id, unique_id, the key of the table
SELECT *
FROM $table
WHERE environment_id IN (SELECT unnest(CAST($environment_ids AS BIGINT[])))
    AND unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[])))
