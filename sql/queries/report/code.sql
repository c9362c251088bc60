-- The code of every version, as written.
-- parameters: $project, $environment
-- grain: definition_id
SELECT definition_id, any_value(raw_code) AS raw_code
FROM v1.definitions
WHERE raw_code IS NOT NULL
    AND (resource_type IN ('model', 'snapshot', 'test', 'function')
        OR (resource_type = 'macro' AND split_part(unique_id, '.', 2) = project_name))
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
GROUP BY definition_id
ORDER BY definition_id
