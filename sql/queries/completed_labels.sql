-- The projects, environments or jobs that begin with a text.
-- parameters: $label, $prefix
-- grain: value
SELECT DISTINCT
    CASE $label WHEN 'project' THEN project_name WHEN 'environment' THEN environment ELSE job_name END AS value,
    CAST(NULL AS VARCHAR) AS about
FROM v1.artifacts
WHERE starts_with(value, $prefix)
ORDER BY value
