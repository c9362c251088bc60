-- Every version of every definition, with the fields that changed.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id, valid_from
SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    epoch_ms(valid_from) AS valid_from,
    epoch_ms(valid_to) AS valid_to,
    definition_id,
    array_to_string(changed_fields, ', ') AS changed_fields,
    is_enabled,
    depends_on_nodes
FROM v1.definitions
WHERE resource_type NOT IN ('doc', 'operation', 'group')
    AND (resource_type <> 'macro' OR split_part(unique_id, '.', 2) = project_name)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY valid_from, unique_id, project_name, environment
