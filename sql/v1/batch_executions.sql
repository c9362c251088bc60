-- Every batch in the results of microbatch models, and whether a retry only repeats what an earlier invocation did.
-- grain: invocation_id, command, unique_id, batch_start
-- since: 0.1
--
-- `dbt retry` executes the batches that failed, and lists those that succeeded before with them:
-- https://docs.getdbt.com/docs/build/incremental-microbatch#retry. It retries the invocation before it.
CREATE OR REPLACE VIEW v1.batch_executions AS
WITH runs AS (
    SELECT
        artifact_key,
        invocation_id,
        command,
        CASE
            WHEN is_retry THEN lag(artifact_key) OVER (
                PARTITION BY project_name, environment, target_name, job_name, command ORDER BY run_number ASC
            )
        END AS retried_artifact_key
    FROM internal.current_runs
)

SELECT
    runs.invocation_id,
    runs.command,
    batches.unique_id,
    batches.batch_start,
    batches.batch_end,
    batches.is_success,
    earlier.artifact_key IS NOT NULL AS is_repeated
FROM stored.batch_executions AS batches
INNER JOIN runs ON runs.artifact_key = batches.artifact_key
LEFT JOIN stored.batch_executions AS earlier
    ON earlier.artifact_key = runs.retried_artifact_key
    AND earlier.unique_id = batches.unique_id
    AND earlier.batch_start = batches.batch_start
    AND earlier.is_success
    AND batches.is_success;

COMMENT ON VIEW v1.batch_executions IS 'One row per batch in a result. Over all invocations, the rows with is_repeated false count each execution of a batch once.';
COMMENT ON COLUMN v1.batch_executions.unique_id IS 'dbt''s id of the model.';
COMMENT ON COLUMN v1.batch_executions.batch_start IS 'The start of the batch''s window, UTC.';
COMMENT ON COLUMN v1.batch_executions.batch_end IS 'The end of the batch''s window, UTC.';
COMMENT ON COLUMN v1.batch_executions.is_success IS 'Whether the batch succeeded.';
COMMENT ON COLUMN v1.batch_executions.is_repeated IS 'Whether a dbt retry lists a success of the invocation that it retries: the batch was not executed again.';
