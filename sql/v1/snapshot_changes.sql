-- How many record changes each execution of each snapshot captured.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.snapshot_changes AS
SELECT
    invocation_id,
    command,
    unique_id,
    project_name,
    environment,
    name,
    rows_affected,
    completed_at AS executed_at,
    execution_seconds
FROM internal.classified_executions
WHERE resource_type = 'snapshot' AND status_class IN ('success', 'warn');

COMMENT ON VIEW v1.snapshot_changes IS 'One row per successful execution of a snapshot.';
COMMENT ON COLUMN v1.snapshot_changes.unique_id IS 'dbt''s id of the snapshot.';
COMMENT ON COLUMN v1.snapshot_changes.name IS 'The snapshot''s name.';
COMMENT ON COLUMN v1.snapshot_changes.rows_affected IS 'The record changes captured, where the adapter reports them (dbt-duckdb does not).';
COMMENT ON COLUMN v1.snapshot_changes.executed_at IS 'When it was completed, UTC.';
