-- When each result of a run with a whole timeline was executed, on which thread, and what it waited for.
-- parameters: $since, $project, $environment, $job, $whole_runs
-- grain: invocation_id, command, unique_id
WITH runs AS (
    SELECT
        invocation_id,
        command,
        $whole_runs IS NULL OR is_success IS NOT TRUE OR row_number() OVER (
            PARTITION BY project_name, environment, job_name, command
            ORDER BY generated_at DESC, invocation_id DESC
        ) <= $whole_runs AS is_whole
    FROM v1.invocations
    WHERE ($since IS NULL OR generated_at >= $since)
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
        AND ($job IS NULL OR job_name = $job)
)

SELECT
    timelines.invocation_id,
    timelines.command,
    timelines.unique_id,
    timelines.thread_id,
    CAST(round(timelines.started_after_seconds * 1000) AS BIGINT) AS start_ms,
    CAST(round(timelines.completed_after_seconds * 1000) AS BIGINT) AS end_ms,
    timelines.waited_for_unique_id,
    CAST(round(timelines.queued_seconds * 1000) AS BIGINT) AS queued_ms,
    CAST(round(timelines.slack_seconds * 1000) AS BIGINT) AS slack_ms,
    CAST(round(timelines.drag_seconds * 1000) AS BIGINT) AS drag_ms,
    timelines.observed_step,
    timelines.critical_step
FROM v1.run_timelines AS timelines
INNER JOIN runs ON runs.invocation_id = timelines.invocation_id AND runs.command = timelines.command
WHERE runs.is_whole
ORDER BY timelines.started_at, timelines.invocation_id, timelines.command, timelines.unique_id
