-- The models of each group.
-- parameters: none
-- tables: nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, name VARCHAR, package_name VARCHAR, "group" VARCHAR)
-- grain: environment_id, unique_id, related_unique_id
SELECT groups.environment_id, groups.unique_id, models.unique_id AS related_unique_id
FROM nodes AS groups
INNER JOIN nodes AS models
    ON models.environment_id = groups.environment_id
    AND models.package_name = groups.package_name
    AND models."group" = groups.name
WHERE groups.resource_type = 'group' AND models.resource_type = 'model'
