-- When each executed result ran in its run, what it waited for, and how much later it could have ended.
-- grain: invocation_id, command, unique_id
--
-- Not portable: see internal.run_schedules, which has the same arguments.
CREATE OR REPLACE MACRO internal.timelines(of_invocations, last_runs) AS TABLE
WITH executed AS (
    SELECT
        artifact_key,
        unique_id,
        resource_type,
        status,
        thread_id,
        seconds,
        started_at,
        completed_at,
        compile_started_at,
        compile_completed_at,
        execute_started_at,
        execute_completed_at,
        waited_for_unique_id,
        waited_for_completed_at,
        finish,
        duration,
        slack,
        drag,
        observed_step,
        critical_step,
        min(started_at) OVER (PARTITION BY artifact_key) AS run_started_at,
        max(completed_at) OVER (
            PARTITION BY artifact_key, thread_id
            ORDER BY started_at ASC, completed_at ASC, unique_id ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS thread_free_at
    FROM internal.run_schedules(of_invocations, last_runs)
)

SELECT
    runs.invocation_id,
    runs.command,
    executed.unique_id,
    runs.project_name,
    runs.environment,
    executed.resource_type,
    executed.status,
    executed.thread_id,
    executed.started_at,
    executed.completed_at,
    date_diff('microsecond', executed.run_started_at, executed.started_at) / 1e6 AS started_after_seconds,
    CASE
        WHEN executed.compile_completed_at >= executed.compile_started_at
            THEN date_diff('microsecond', executed.compile_started_at, executed.compile_completed_at) / 1e6
        WHEN executed.compile_completed_at < executed.compile_started_at THEN 0.0
    END AS compile_seconds,
    CASE
        WHEN executed.execute_completed_at >= executed.execute_started_at
            THEN date_diff('microsecond', executed.execute_started_at, executed.execute_completed_at) / 1e6
        WHEN executed.execute_completed_at < executed.execute_started_at THEN 0.0
    END AS execute_seconds,
    date_diff('microsecond', executed.run_started_at, executed.completed_at) / 1e6 AS completed_after_seconds,
    executed.seconds AS execution_seconds,
    CASE
        WHEN executed.thread_id IS NULL THEN NULL
        WHEN executed.started_at >= coalesce(executed.thread_free_at, executed.run_started_at)
            THEN date_diff(
                'microsecond', coalesce(executed.thread_free_at, executed.run_started_at), executed.started_at
            ) / 1e6
        WHEN executed.started_at < executed.thread_free_at THEN 0.0
    END AS idle_seconds,
    executed.waited_for_unique_id,
    CASE
        WHEN executed.started_at >= executed.waited_for_completed_at
            THEN date_diff('microsecond', executed.waited_for_completed_at, executed.started_at) / 1e6
        WHEN executed.started_at < executed.waited_for_completed_at THEN 0.0
    END AS queued_seconds,
    executed.duration / 1e6 AS scheduled_seconds,
    (executed.finish - executed.duration) / 1e6 AS earliest_start_seconds,
    executed.slack / 1e6 AS slack_seconds,
    executed.drag / 1e6 AS drag_seconds,
    executed.observed_step,
    executed.critical_step
FROM executed
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = executed.artifact_key;

COMMENT ON MACRO TABLE internal.timelines IS 'One row per executed result: v1.run_timelines of all runs, or of some.';
