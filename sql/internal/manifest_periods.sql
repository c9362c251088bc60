-- From when to when each manifest was the current one of its project and environment.
-- grain: project_name, environment, valid_from
CREATE OR REPLACE VIEW internal.manifest_periods AS
WITH manifests AS (
    SELECT
        settled.project_name,
        settled.environment,
        artifacts.artifact_key,
        artifacts.graph_id,
        coalesce(artifacts.generated_at, TIMESTAMP '-infinity') AS valid_from
    FROM stored.settled_artifacts AS settled
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
    WHERE settled.is_current AND artifacts.kind = 'manifest'
    QUALIFY row_number() OVER (
        PARTITION BY settled.project_name, settled.environment, artifacts.generated_at
        ORDER BY artifacts.compiled_count DESC NULLS LAST, artifacts.entry_count DESC, artifacts.artifact_id ASC
    ) = 1
)

SELECT
    project_name,
    environment,
    artifact_key,
    graph_id,
    valid_from,
    lead(valid_from) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC) AS valid_to
FROM manifests;

COMMENT ON VIEW internal.manifest_periods IS 'One row per manifest: from its own time to that of the next one.';
