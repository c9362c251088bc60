-- The critical paths of the invocations of a run, step by step.
-- parameters: $run_id, $path
-- tables: runs (run_id BIGINT, invocation_id VARCHAR, command VARCHAR)
-- grain: invocation_id, command, path, step
SELECT
    paths.invocation_id,
    paths.path,
    paths.step,
    paths.unique_id,
    paths.resource_type,
    paths.execution_seconds AS execution_time,
    paths.started_after_seconds AS started_after,
    paths.completed_after_seconds AS completed_after,
    paths.queued_seconds AS queued_time,
    paths.slack_seconds AS slack_time,
    paths.drag_seconds AS drag_time
FROM internal.paths((SELECT list(DISTINCT invocation_id) FROM runs WHERE run_id = $run_id), NULL) AS paths
WHERE $path IS NULL OR paths.path = $path
ORDER BY paths.invocation_id, paths.command, paths.path, paths.step
