-- What every executed result cost: bytes, rows, slot time and credits, where the adapter reports them.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.costs AS
SELECT
    executions.invocation_id,
    executions.command,
    executions.unique_id,
    executions.project_name,
    executions.environment,
    executions.job_name,
    executions.resource_type,
    executions.name,
    runs.adapter_type,
    CAST(executions.completed_at AS DATE) AS run_date,
    executions.status_class,
    executions.execution_seconds,
    executions.rows_affected,
    coalesce(
        executions.bytes_processed,
        nullif(TRY_CAST(executions.adapter_response ->> '$.data_scanned_in_bytes' AS BIGINT), -1),
        nullif(TRY_CAST(executions.adapter_response ->> '$.bytes_scanned' AS BIGINT), -1)
    ) AS bytes_processed,
    executions.bytes_billed,
    TRY_CAST(executions.adapter_response ->> '$.slot_ms' AS DOUBLE) / 1000 AS slot_seconds,
    coalesce(
        TRY_CAST(executions.adapter_response ->> '$.credits_used' AS DOUBLE),
        TRY_CAST(executions.adapter_response ->> '$.credits' AS DOUBLE),
        TRY_CAST(executions.adapter_response ->> '$.credits_used_cloud_services' AS DOUBLE)
    ) AS credits,
    executions.query_id
FROM internal.classified_executions AS executions
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = executions.artifact_key
WHERE executions.is_timed;

COMMENT ON VIEW v1.costs IS 'One row per executed result, failed ones included. NULL: the adapter did not report it.';
COMMENT ON COLUMN v1.costs.name IS 'Its name, from the unique_id.';
COMMENT ON COLUMN v1.costs.run_date IS 'The day on which it was completed, UTC.';
COMMENT ON COLUMN v1.costs.status_class IS 'success, warn or failure.';
COMMENT ON COLUMN v1.costs.rows_affected IS 'How many rows the last statement wrote.';
COMMENT ON COLUMN v1.costs.bytes_processed IS 'The bytes that were read: bytes_processed (BigQuery), data_scanned_in_bytes (Athena) or bytes_scanned.';
COMMENT ON COLUMN v1.costs.bytes_billed IS 'The bytes that were billed (BigQuery).';
COMMENT ON COLUMN v1.costs.slot_seconds IS 'The slot time that it used (BigQuery).';
COMMENT ON COLUMN v1.costs.credits IS 'credits_used, credits or credits_used_cloud_services, where an adapter writes one of them. No adapter of dbt''s own does.';
COMMENT ON COLUMN v1.costs.query_id IS 'The id of the query in the database''s own history (Snowflake, Databricks, BigQuery''s job_id).';
