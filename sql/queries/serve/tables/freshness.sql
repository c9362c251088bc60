-- The last check of every source, and its criteria as they are written: 24 hours are not one day.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, artifact_key BIGINT, invocation_id VARCHAR, command VARCHAR, project_name VARCHAR, environment VARCHAR, generated_at TIMESTAMP, is_executing BOOLEAN)
-- grain: environment_id, unique_id
WITH checks AS (
    SELECT
        project_name,
        environment,
        unique_id,
        arg_max(invocation_id, coalesce(snapshotted_at, generated_at)) AS invocation_id,
        max(generated_at) AS generated_at
    FROM v1.source_freshness
    GROUP BY project_name, environment, unique_id
)

SELECT
    environments.environment_id,
    sources.unique_id,
    json_object(
        'warn_after', CASE
            WHEN sources.warn_after_count IS NOT NULL
                THEN json_object('count', sources.warn_after_count, 'period', sources.warn_after_period)
        END,
        'error_after', CASE
            WHEN sources.error_after_count IS NOT NULL
                THEN json_object('count', sources.error_after_count, 'period', sources.error_after_period)
        END
    ) AS criteria,
    sources.is_freshness_checked AS freshness_checked,
    runs.job_id AS freshness_job_definition_id,
    runs.run_id AS freshness_run_id,
    checks.generated_at AS freshness_run_generated_at,
    CASE
        WHEN lower(sources.freshness_status) IN ('pass', 'warn', 'error')
            THEN upper(sources.freshness_status[1]) || lower(sources.freshness_status[2:])
        WHEN sources.freshness_status IS NOT NULL THEN 'Error'
    END AS freshness_status,
    sources.max_loaded_at,
    sources.max_loaded_at_age_seconds AS max_loaded_at_time_ago_in_s,
    sources.snapshotted_at
FROM v1.sources AS sources
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM sources.project_name
    AND environments.environment = sources.environment
LEFT JOIN checks
    ON checks.project_name IS NOT DISTINCT FROM sources.project_name
    AND checks.environment = sources.environment
    AND checks.unique_id = sources.unique_id
LEFT JOIN runs ON runs.invocation_id = checks.invocation_id AND runs.command = 'source freshness'
