-- Of nodes, by unique_id: the file that defines each, its owner, and the exposures that depend on it, with their links.
-- parameters: $unique_ids
-- grain: project_name, environment, unique_id
WITH exposed AS (
    SELECT
        exposed.project_name,
        exposed.environment,
        exposed.upstream_unique_id AS unique_id,
        list(exposed.unique_id ORDER BY exposed.unique_id) AS exposure_unique_ids,
        list(exposures.url ORDER BY exposed.unique_id) FILTER (WHERE exposures.url IS NOT NULL) AS exposure_urls
    FROM internal.exposed_nodes AS exposed
    LEFT JOIN v1.exposures AS exposures
        ON exposures.project_name IS NOT DISTINCT FROM exposed.project_name
        AND exposures.environment = exposed.environment
        AND exposures.unique_id = exposed.unique_id
    WHERE list_contains($unique_ids, exposed.upstream_unique_id)
    GROUP BY exposed.project_name, exposed.environment, exposed.upstream_unique_id
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.original_file_path,
    nodes.owner,
    coalesce(exposed.exposure_unique_ids, CAST([] AS VARCHAR[])) AS exposure_unique_ids,
    coalesce(exposed.exposure_urls, CAST([] AS VARCHAR[])) AS exposure_urls
FROM v1.nodes AS nodes
LEFT JOIN exposed
    ON exposed.project_name IS NOT DISTINCT FROM nodes.project_name
    AND exposed.environment = nodes.environment
    AND exposed.unique_id = nodes.unique_id
WHERE list_contains($unique_ids, nodes.unique_id)
ORDER BY nodes.project_name, nodes.environment, nodes.unique_id
