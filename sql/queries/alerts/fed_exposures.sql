-- The enabled exposures below nodes: what they feed.
-- parameters: $unique_ids
-- grain: project_name, environment, ancestor_unique_id, unique_id
SELECT
    ancestors.project_name,
    ancestors.environment,
    ancestors.ancestor_unique_id,
    exposures.unique_id,
    exposures.name,
    exposures.label,
    exposures.url,
    exposures.owner_name,
    exposures.owner_email
FROM v1.node_ancestors AS ancestors
INNER JOIN v1.exposures AS exposures
    ON exposures.project_name IS NOT DISTINCT FROM ancestors.project_name
    AND exposures.environment = ancestors.environment
    AND exposures.unique_id = ancestors.unique_id
WHERE ancestors.resource_type = 'exposure'
    AND exposures.is_enabled
    AND list_contains($unique_ids, ancestors.ancestor_unique_id)
ORDER BY ancestors.project_name ASC, ancestors.environment ASC, ancestors.ancestor_unique_id ASC, exposures.unique_id ASC
