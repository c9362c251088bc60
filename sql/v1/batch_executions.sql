-- Every batch in the results of microbatch models.
-- grain: invocation_id, command, unique_id, batch_start
-- since: 0.1
CREATE OR REPLACE VIEW v1.batch_executions AS
SELECT
    runs.invocation_id,
    runs.command,
    batches.unique_id,
    batches.batch_start,
    batches.batch_end,
    batches.is_success
FROM stored.batch_executions AS batches
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = batches.artifact_key;

COMMENT ON VIEW v1.batch_executions IS 'One row per batch.';
COMMENT ON COLUMN v1.batch_executions.unique_id IS 'dbt''s id of the model.';
COMMENT ON COLUMN v1.batch_executions.batch_start IS 'The start of the batch''s window, UTC.';
COMMENT ON COLUMN v1.batch_executions.batch_end IS 'The end of the batch''s window, UTC.';
COMMENT ON COLUMN v1.batch_executions.is_success IS 'Whether the batch succeeded. A retry lists the earlier batches again.';
