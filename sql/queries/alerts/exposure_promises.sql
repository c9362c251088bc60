-- The promises that enabled exposures make in their meta, as JSON.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, name, CAST(meta -> 'promise' AS VARCHAR) AS promise
FROM v1.exposures
WHERE is_enabled AND meta ->> 'promise' IS NOT NULL
ORDER BY project_name ASC, environment ASC, unique_id ASC
