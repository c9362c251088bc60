-- Keeps of each run that is to be pruned what v1.run_success_rates needs.
-- parameters: none
-- tables: prunable (artifact_key BIGINT)
-- changes: stored.pruned_runs
INSERT INTO stored.pruned_runs
SELECT
    runs.artifact_key,
    invocations.is_success,
    CASE WHEN NOT invocations.is_empty AND NOT invocations.is_sample THEN invocations.elapsed_seconds END
FROM v1.invocations AS invocations
INNER JOIN internal.current_runs AS runs
    ON runs.invocation_id = invocations.invocation_id
    AND runs.command = invocations.command
INNER JOIN prunable ON prunable.artifact_key = runs.artifact_key
WHERE invocations.is_success IS NOT NULL
