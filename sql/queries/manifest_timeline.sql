-- Every current manifest and catalog, in the order of time. The column lineage of manifests depends on them.
-- parameters: none
-- grain: project_name, environment, moment, manifest_key, catalog_set_id
SELECT
    settled.project_name,
    settled.environment,
    dense_rank() OVER (ORDER BY coalesce(artifacts.generated_at, TIMESTAMP '-infinity')) AS moment,
    CASE WHEN periods.artifact_key IS NOT NULL THEN artifacts.artifact_key END AS manifest_key,
    artifacts.adapter_type,
    artifacts.graph_id,
    artifacts.rendering_set_id,
    artifacts.catalog_set_id
FROM stored.settled_artifacts AS settled
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
LEFT JOIN internal.manifest_periods AS periods ON periods.artifact_key = artifacts.artifact_key
WHERE settled.is_current AND artifacts.kind IN ('manifest', 'catalog') AND artifacts.pruned_at IS NULL
ORDER BY settled.project_name NULLS FIRST, settled.environment, moment, artifacts.artifact_id DESC
