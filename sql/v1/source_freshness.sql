-- Every loaded freshness check of a source or, with dbt 2, of a model.
-- grain: invocation_id, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.source_freshness AS
SELECT
    invocation_id,
    unique_id,
    project_name,
    environment,
    job_name,
    status,
    max_loaded_at,
    snapshotted_at,
    max_loaded_at_age_seconds,
    warn_after_seconds,
    error_after_seconds,
    filter,
    error,
    execution_seconds,
    thread_id,
    generated_at,
    extra,
    status_class,
    command
FROM internal.freshness_checks;

COMMENT ON VIEW v1.source_freshness IS 'One row per source, or with dbt 2 model, and invocation that checked it.';
COMMENT ON COLUMN v1.source_freshness.invocation_id IS 'The invocation that checked it: see v1.invocations.';
COMMENT ON COLUMN v1.source_freshness.unique_id IS 'The source; with dbt 2, also a model.';
COMMENT ON COLUMN v1.source_freshness.status IS 'pass, warn, error or runtime error; dbt 2.0 writes Pass, Warn, Error.';
COMMENT ON COLUMN v1.source_freshness.max_loaded_at IS 'When the newest row was loaded, UTC; NULL when there is no row.';
COMMENT ON COLUMN v1.source_freshness.snapshotted_at IS 'When dbt checked, UTC.';
COMMENT ON COLUMN v1.source_freshness.max_loaded_at_age_seconds IS 'The age of the newest row at the check.';
COMMENT ON COLUMN v1.source_freshness.warn_after_seconds IS 'The age at which the check warns.';
COMMENT ON COLUMN v1.source_freshness.error_after_seconds IS 'The age at which the check fails.';
COMMENT ON COLUMN v1.source_freshness.filter IS 'The filter of the check.';
COMMENT ON COLUMN v1.source_freshness.error IS 'Why the check itself failed.';
COMMENT ON COLUMN v1.source_freshness.execution_seconds IS 'How long the check took, as dbt measured it.';
COMMENT ON COLUMN v1.source_freshness.generated_at IS 'When the sources.json or freshness.json was written, UTC.';
COMMENT ON COLUMN v1.source_freshness.extra IS 'Every field of the check that has no column here, as dbt wrote it: adapter_response, criteria, timing, ….';
COMMENT ON COLUMN v1.source_freshness.status_class IS 'success, warn, failure, skipped or unknown (rule 2, docs/rules.md).';
