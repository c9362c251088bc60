-- Every resource of the current manifests but tests, docs and the macros of packages.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    package_name,
    original_file_path,
    materialized,
    array_to_string(tags, ', ') AS tags,
    owner,
    group_name,
    access,
    is_contract_enforced,
    is_enabled,
    relation_name,
    definition_id,
    last_status,
    epoch_ms(last_executed_at) AS last_executed_at,
    is_failing
FROM v1.nodes
WHERE resource_type NOT IN ('doc', 'test', 'unit_test', 'operation', 'group')
    AND (resource_type <> 'macro' OR package_name = project_name)
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id
