-- The warnings of one run, freshness checks included.
-- parameters: $run, $command
-- grain: unique_id
SELECT unique_id, status, message, failures
FROM v1.node_executions
WHERE invocation_id = $run AND command = $command AND status_class = 'warn'
UNION ALL
SELECT unique_id, status, error, NULL
FROM internal.freshness_checks
WHERE invocation_id = $run AND command = $command AND status_class = 'warn'
ORDER BY unique_id
