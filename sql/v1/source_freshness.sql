-- Every freshness check of a source or, by dbt 2, of a model that was ever loaded.
-- grain: invocation_id, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.source_freshness AS
SELECT
    artifacts.invocation_id,
    checks.unique_id,
    settled.project_name,
    settled.environment,
    settled.job_name,
    checks.status,
    checks.max_loaded_at,
    checks.snapshotted_at,
    checks.max_loaded_at_age_seconds,
    CAST(checks.warn_after_seconds AS DOUBLE) AS warn_after_seconds,
    CAST(checks.error_after_seconds AS DOUBLE) AS error_after_seconds,
    checks.filter,
    checks.error,
    checks.execution_seconds,
    checks.thread_id,
    artifacts.generated_at,
    checks.extra
FROM stored.source_freshness AS checks
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = checks.artifact_key
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = checks.artifact_key
WHERE settled.is_current
-- dbt 2 writes the checks of one invocation twice, in sources.json and in freshness.json.
QUALIFY row_number() OVER (
    PARTITION BY artifacts.invocation_id, checks.unique_id
    ORDER BY artifacts.kind ASC, artifacts.generated_at DESC, artifacts.artifact_id ASC
) = 1;

COMMENT ON VIEW v1.source_freshness IS 'One row per source and invocation that checked it.';
COMMENT ON COLUMN v1.source_freshness.invocation_id IS 'The invocation of dbt source freshness.';
COMMENT ON COLUMN v1.source_freshness.unique_id IS 'The source.';
COMMENT ON COLUMN v1.source_freshness.status IS 'pass, warn, error or runtime error; dbt 2.0 writes Pass, Warn, Error.';
COMMENT ON COLUMN v1.source_freshness.max_loaded_at IS 'The newest row of the source, UTC; NULL when it has none.';
COMMENT ON COLUMN v1.source_freshness.snapshotted_at IS 'When dbt checked, UTC.';
COMMENT ON COLUMN v1.source_freshness.max_loaded_at_age_seconds IS 'The age of the newest row at the check.';
COMMENT ON COLUMN v1.source_freshness.warn_after_seconds IS 'The age at which the check warns.';
COMMENT ON COLUMN v1.source_freshness.error_after_seconds IS 'The age at which the check fails.';
COMMENT ON COLUMN v1.source_freshness.filter IS 'The filter of the check.';
COMMENT ON COLUMN v1.source_freshness.error IS 'Why the check itself failed.';
COMMENT ON COLUMN v1.source_freshness.execution_seconds IS 'How long the check took, as dbt measured it.';
COMMENT ON COLUMN v1.source_freshness.generated_at IS 'When the sources.json was written, UTC.';
COMMENT ON COLUMN v1.source_freshness.extra IS 'Every field of the check that has no column here, as dbt wrote it: adapter_response, criteria, timing, ….';
