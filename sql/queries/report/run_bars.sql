-- When each node of a run was executed and on which thread, what it waited for, and its step of both paths.
-- parameters: $run, $command
-- grain: unique_id
SELECT
    bars.unique_id,
    bars.resource_type,
    results.status_class,
    bars.thread_id,
    bars.started_after_seconds,
    bars.completed_after_seconds,
    bars.execution_seconds,
    bars.waited_for_unique_id,
    bars.queued_seconds,
    bars.observed_step,
    bars.critical_step
FROM v1.run_timelines_of([CAST($run AS VARCHAR)]) AS bars
INNER JOIN v1.node_executions AS results
    ON results.invocation_id = bars.invocation_id
    AND results.command = bars.command
    AND results.unique_id = bars.unique_id
WHERE bars.command = $command
    AND bars.started_after_seconds IS NOT NULL
    AND bars.completed_after_seconds IS NOT NULL
ORDER BY bars.started_after_seconds, bars.unique_id
