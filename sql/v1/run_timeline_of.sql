-- v1.run_timelines of one invocation, at once.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.run_timeline_of(of_invocation) AS TABLE
SELECT
    invocation_id,
    command,
    unique_id,
    project_name,
    environment,
    resource_type,
    status,
    thread_id,
    started_at,
    completed_at,
    started_after_seconds,
    compile_seconds,
    execute_seconds,
    completed_after_seconds,
    execution_seconds,
    idle_seconds,
    waited_for_unique_id,
    queued_seconds,
    scheduled_seconds,
    earliest_start_seconds,
    slack_seconds,
    drag_seconds,
    observed_step,
    critical_step
FROM internal.timelines(coalesce(CAST(of_invocation AS VARCHAR), ''), NULL);

COMMENT ON MACRO TABLE v1.run_timeline_of IS 'v1.run_timelines of one invocation: one row per result that was executed.';
