-- When the definitions of resources changed, and in which fields.
-- parameters: $unique_ids
-- grain: project_name, environment, unique_id, valid_from
SELECT project_name, environment, unique_id, valid_from, changed_fields
FROM v1.definitions
WHERE changed_fields IS NOT NULL AND list_contains($unique_ids, unique_id)
ORDER BY project_name ASC, environment ASC, unique_id ASC, valid_from ASC
