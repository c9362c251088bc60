-- All versions of each versioned model.
-- parameters: none
-- tables: nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, name VARCHAR, package_name VARCHAR, version VARCHAR)
-- grain: environment_id, unique_id, related_unique_id
SELECT models.environment_id, models.unique_id, versions.unique_id AS related_unique_id
FROM nodes AS models
INNER JOIN nodes AS versions
    ON versions.environment_id = models.environment_id
    AND versions.package_name = models.package_name
    AND versions.name = models.name
WHERE models.resource_type = 'model' AND models.version IS NOT NULL AND versions.version IS NOT NULL
