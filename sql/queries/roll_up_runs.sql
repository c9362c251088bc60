-- Stores what v1.run_success_rates needs of each run that is to be pruned.
-- parameters: none
-- tables: prunable (artifact_key BIGINT)
-- changes: stored.pruned_runs
INSERT INTO stored.pruned_runs
SELECT
    invocations.artifact_key,
    invocations.is_success,
    CASE WHEN NOT invocations.is_empty AND NOT invocations.is_sample THEN invocations.elapsed_seconds END
FROM internal.described_invocations AS invocations
INNER JOIN prunable ON prunable.artifact_key = invocations.artifact_key
WHERE invocations.is_success IS NOT NULL
