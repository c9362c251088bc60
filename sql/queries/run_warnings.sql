-- The warnings of one run.
-- parameters: $run, $command
-- grain: unique_id
SELECT unique_id, status, message, failures
FROM v1.node_executions
WHERE invocation_id = $run AND command = $command AND status_class = 'warn'
ORDER BY unique_id
