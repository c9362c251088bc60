-- The status tile of every exposure, with its label and its address.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT
    tiles.project_name,
    tiles.environment,
    tiles.unique_id,
    tiles.name,
    exposures.label,
    exposures.url,
    tiles.freshness,
    tiles.quality,
    tiles.since,
    tiles.reasons,
    tiles.last_checked_at,
    tiles.last_tested_at
FROM v1.exposure_tiles AS tiles
INNER JOIN v1.exposures AS exposures
    ON exposures.project_name IS NOT DISTINCT FROM tiles.project_name
    AND exposures.environment = tiles.environment
    AND exposures.unique_id = tiles.unique_id
ORDER BY tiles.project_name ASC, tiles.environment ASC, tiles.unique_id ASC
