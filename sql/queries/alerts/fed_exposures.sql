-- The enabled exposures below nodes: what they feed.
-- parameters: $unique_ids
-- grain: project_name, environment, ancestor_unique_id, unique_id
SELECT
    exposed.project_name,
    exposed.environment,
    exposed.upstream_unique_id AS ancestor_unique_id,
    exposures.unique_id,
    exposures.name,
    exposures.label,
    exposures.url,
    exposures.owner_name,
    exposures.owner_email
FROM internal.exposed_nodes AS exposed
INNER JOIN v1.exposures AS exposures
    ON exposures.project_name IS NOT DISTINCT FROM exposed.project_name
    AND exposures.environment = exposed.environment
    AND exposures.unique_id = exposed.unique_id
WHERE exposures.is_enabled
    AND list_contains($unique_ids, exposed.upstream_unique_id)
ORDER BY exposed.project_name ASC, exposed.environment ASC, exposed.upstream_unique_id ASC, exposures.unique_id ASC
