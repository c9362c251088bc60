-- From when to when each column lineage that dbt 2.0 wrote counted for a project and environment: those of the
-- environment, else those that name no environment.
-- grain: project_name, environment, artifact_key
CREATE OR REPLACE VIEW internal.dbt_column_lineages AS
WITH written AS (
    SELECT
        settled.project_name,
        settled.environment,
        artifacts.artifact_key,
        artifacts.artifact_id,
        -- The information schema has no time of its own: it takes that of the manifest beside it.
        coalesce(artifacts.generated_at, manifests.generated_at, TIMESTAMP '-infinity') AS valid_from
    FROM stored.settled_artifacts AS settled
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
    LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = settled.manifest_key
    WHERE settled.is_current AND artifacts.kind = 'column_lineage'
),

lineages AS (
    SELECT
        project_name,
        environment,
        artifact_key,
        valid_from,
        lead(valid_from) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC, artifact_id ASC)
            AS valid_to
    FROM written
),

environments AS (
    SELECT DISTINCT project_name, environment FROM internal.manifest_periods
)

SELECT
    environments.project_name,
    environments.environment,
    lineages.artifact_key,
    lineages.valid_from,
    lineages.valid_to
FROM environments
INNER JOIN lineages
    ON lineages.project_name IS NOT DISTINCT FROM environments.project_name
    AND (lineages.environment = environments.environment OR lineages.environment = 'default')
QUALIFY dense_rank() OVER (
    PARTITION BY environments.project_name, environments.environment
    ORDER BY lineages.environment = environments.environment DESC
) = 1;

COMMENT ON VIEW internal.dbt_column_lineages IS 'One row per column lineage that dbt wrote: from its own time to that of the next.';
