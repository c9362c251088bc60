-- The incidents of an environment, the newest first.
-- parameters: $environment_id, $unique_ids, $is_open
-- tables: incidents (environment_id BIGINT, unique_id VARCHAR, opened_at TIMESTAMP, is_open BOOLEAN)
-- grain: unique_id, opened_at
SELECT *
FROM incidents
WHERE environment_id = $environment_id
    AND ($is_open IS NULL OR is_open = $is_open)
    AND ($unique_ids IS NULL OR unique_id IN (SELECT unnest(CAST($unique_ids AS VARCHAR[]))))
ORDER BY opened_at DESC, unique_id
