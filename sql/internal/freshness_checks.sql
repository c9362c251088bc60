-- Every current freshness check, once for each invocation, with the class of its status.
-- grain: invocation_id, unique_id
CREATE OR REPLACE VIEW internal.freshness_checks AS
SELECT
    checks.artifact_key,
    settled.invocation_id,
    settled.command,
    checks.unique_id,
    settled.project_name,
    settled.environment,
    settled.job_name,
    checks.status,
    -- The words of rule 2 that a check has.
    CASE
        WHEN lower(checks.status) = 'pass' THEN 'success'
        WHEN lower(checks.status) = 'warn' THEN 'warn'
        WHEN lower(checks.status) IN ('error', 'runtime error') THEN 'failure'
        WHEN lower(checks.status) = 'skipped' THEN 'skipped'
        ELSE 'unknown'
    END AS status_class,
    checks.max_loaded_at,
    checks.snapshotted_at,
    checks.max_loaded_at_age_seconds,
    CAST(checks.warn_after_seconds AS DOUBLE) AS warn_after_seconds,
    CAST(checks.error_after_seconds AS DOUBLE) AS error_after_seconds,
    checks.filter,
    checks.error,
    checks.execution_seconds,
    checks.thread_id,
    checks.started_at,
    checks.completed_at,
    checks.extra,
    artifacts.generated_at
FROM stored.source_freshness AS checks
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = checks.artifact_key
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = checks.artifact_key
WHERE settled.is_current
-- dbt 2 writes the checks of one invocation several times: in sources.json, in freshness.json and in its information schema.
QUALIFY row_number() OVER (
    PARTITION BY settled.invocation_id, checks.unique_id
    ORDER BY
        CASE artifacts.kind WHEN 'freshness' THEN 1 WHEN 'sources' THEN 2 ELSE 3 END ASC,
        artifacts.generated_at DESC,
        artifacts.artifact_id ASC
) = 1;

COMMENT ON VIEW internal.freshness_checks IS 'One row per source, or with dbt 2 model, and invocation that checked it.';
