-- The status tile of each exposure.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, freshness, quality, last_checked_at
FROM v1.exposure_tiles
