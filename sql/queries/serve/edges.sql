-- Which node of an environment depends on which.
-- parameters: $environment_id
-- tables: parents (environment_id BIGINT, unique_id VARCHAR, related_unique_id VARCHAR)
-- grain: unique_id, related_unique_id
SELECT unique_id, related_unique_id
FROM parents
WHERE environment_id = $environment_id
ORDER BY unique_id, related_unique_id
