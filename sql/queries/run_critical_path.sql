-- The chain of nodes that decided how long one run took.
-- parameters: $run, $command
-- grain: step
SELECT
    step,
    unique_id,
    resource_type,
    execution_seconds,
    started_after_seconds,
    queued_seconds,
    slack_seconds,
    drag_seconds
FROM v1.critical_path_of($run)
WHERE path = 'observed' AND command = $command
ORDER BY step
