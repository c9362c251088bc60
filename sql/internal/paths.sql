-- The critical paths of runs, observed and theoretical.
-- grain: invocation_id, command, path, step
--
-- Not portable: see internal.run_schedules, which has the same arguments.
CREATE OR REPLACE MACRO internal.paths(of_invocations, last_runs) AS TABLE
SELECT
    timelines.invocation_id,
    timelines.command,
    kinds.path,
    CAST(
        CASE WHEN kinds.path = 'observed' THEN timelines.observed_step ELSE timelines.critical_step END AS BIGINT
    ) AS step,
    timelines.unique_id,
    timelines.project_name,
    timelines.environment,
    timelines.resource_type,
    timelines.scheduled_seconds AS execution_seconds,
    CASE
        WHEN kinds.path = 'observed' THEN timelines.started_after_seconds
        ELSE timelines.earliest_start_seconds
    END AS started_after_seconds,
    CASE
        WHEN kinds.path = 'observed' THEN timelines.completed_after_seconds
        ELSE timelines.earliest_start_seconds + timelines.scheduled_seconds
    END AS completed_after_seconds,
    CASE
        WHEN kinds.path = 'theoretical' THEN 0.0
        WHEN timelines.observed_step = 1 THEN timelines.started_after_seconds
        ELSE timelines.queued_seconds
    END AS queued_seconds,
    timelines.slack_seconds,
    timelines.drag_seconds
FROM internal.timelines(of_invocations, last_runs) AS timelines, (SELECT unnest(['observed', 'theoretical']) AS path) AS kinds
WHERE CASE WHEN kinds.path = 'observed' THEN timelines.observed_step ELSE timelines.critical_step END IS NOT NULL;

COMMENT ON MACRO TABLE internal.paths IS 'One row per step: v1.critical_paths of all runs, or of some.';
