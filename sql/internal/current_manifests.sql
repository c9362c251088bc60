-- The current manifest of every project and environment.
-- grain: project_name, environment
CREATE OR REPLACE VIEW internal.current_manifests AS
SELECT
    settled.project_name,
    settled.environment,
    artifacts.artifact_key,
    artifacts.generated_at,
    artifacts.graph_id,
    artifacts.rendering_set_id
FROM stored.settled_artifacts AS settled
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
WHERE settled.is_latest AND artifacts.kind = 'manifest';

COMMENT ON VIEW internal.current_manifests IS 'One row per project and environment that has a manifest.';
