-- Resources as routing and messages need them: whose they are, where they lie, what their meta says. A test has also the
-- owner and the meta of the node that it tests.
-- parameters: $unique_ids
-- grain: project_name, environment, unique_id
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    nodes.name,
    nodes.original_file_path,
    nodes.tags,
    nodes.meta,
    nodes.group_name,
    nodes.depends_on_nodes,
    groups.owner_name AS group_owner_name,
    groups.owner_email AS group_owner_email,
    coalesce(tests.tested_unique_id, unit_tests.tested_unique_id) AS tested_unique_id,
    tested.tags AS tested_tags,
    tested.meta AS tested_meta,
    tested.original_file_path AS tested_path,
    exposures.label,
    exposures.url,
    exposures.owner_name,
    exposures.owner_email
FROM v1.nodes AS nodes
LEFT JOIN v1.tests AS tests
    ON tests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND tests.environment = nodes.environment
    AND tests.unique_id = nodes.unique_id
LEFT JOIN v1.unit_tests AS unit_tests
    ON unit_tests.project_name IS NOT DISTINCT FROM nodes.project_name
    AND unit_tests.environment = nodes.environment
    AND unit_tests.unique_id = nodes.unique_id
LEFT JOIN v1.nodes AS tested
    ON tested.project_name IS NOT DISTINCT FROM nodes.project_name
    AND tested.environment = nodes.environment
    AND tested.unique_id = coalesce(tests.tested_unique_id, unit_tests.tested_unique_id)
LEFT JOIN v1.groups AS groups
    ON groups.project_name IS NOT DISTINCT FROM nodes.project_name
    AND groups.environment = nodes.environment
    AND groups.name = coalesce(nodes.group_name, tested.group_name)
    AND groups.package_name = nodes.package_name
LEFT JOIN v1.exposures AS exposures
    ON exposures.project_name IS NOT DISTINCT FROM nodes.project_name
    AND exposures.environment = nodes.environment
    AND exposures.unique_id = nodes.unique_id
WHERE list_contains($unique_ids, nodes.unique_id)
ORDER BY nodes.project_name ASC, nodes.environment ASC, nodes.unique_id ASC
