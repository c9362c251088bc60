-- Every version of a node's definition, and whether it is as old as the first definition of its project.
-- parameters: $unique_id, $project, $environment
-- grain: valid_from
SELECT
    versions.valid_from,
    versions.valid_to,
    versions.changed_fields,
    versions.valid_from = (
        SELECT min(valid_from)
        FROM v1.definitions
        WHERE project_name IS NOT DISTINCT FROM $project AND environment = $environment
    ) AS is_original
FROM v1.definitions AS versions
WHERE versions.unique_id = $unique_id
    AND versions.project_name IS NOT DISTINCT FROM $project
    AND versions.environment = $environment
ORDER BY versions.valid_from
