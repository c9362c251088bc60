-- The projects, environments and jobs that artifacts have.
-- parameters: none
-- grain: label, value
SELECT 'project' AS label, project_name AS value FROM v1.artifacts WHERE project_name IS NOT NULL
UNION
SELECT 'environment' AS label, environment AS value FROM v1.artifacts WHERE environment IS NOT NULL
UNION
SELECT 'job' AS label, job_name AS value FROM v1.artifacts WHERE job_name IS NOT NULL
ORDER BY label, value
