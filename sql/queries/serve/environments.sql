-- Every project and environment, with the numbers of dbt Cloud, in the order in which they were first seen.
-- parameters: none
-- grain: project_name, environment
WITH clouds AS (
    SELECT
        project_name,
        environment,
        max(dbt_cloud_project_id) AS cloud_project_id,
        max(dbt_cloud_environment_id) AS cloud_environment_id
    FROM v1.invocations
    GROUP BY project_name, environment
)

SELECT
    artifacts.project_name,
    artifacts.environment,
    any_value(clouds.cloud_project_id) AS cloud_project_id,
    any_value(clouds.cloud_environment_id) AS cloud_environment_id,
    arg_max(artifacts.adapter_type, artifacts.generated_at) AS adapter_type,
    arg_max(artifacts.dbt_version, artifacts.generated_at) AS dbt_version,
    min(artifacts.generated_at) AS first_seen_at,
    max(artifacts.generated_at) AS last_updated_at
FROM v1.artifacts AS artifacts
LEFT JOIN clouds
    ON clouds.project_name IS NOT DISTINCT FROM artifacts.project_name
    AND clouds.environment IS NOT DISTINCT FROM artifacts.environment
WHERE artifacts.status = 'loaded' AND artifacts.environment IS NOT NULL
GROUP BY artifacts.project_name, artifacts.environment
ORDER BY first_seen_at ASC NULLS FIRST, artifacts.project_name ASC NULLS FIRST, artifacts.environment ASC
