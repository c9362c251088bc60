-- How reliable every node is: mean time between failures, mean time to recovery, and the time in the failed state.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.reliability AS
-- The sums are of integers: the order of loading must not show in the last digit.
WITH executed AS (
    SELECT
        project_name,
        environment,
        unique_id,
        count(*) AS executed_count,
        count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
        min(completed_at) AS first_executed_at,
        max(completed_at) AS last_executed_at
    FROM internal.classified_executions
    WHERE is_executed
    GROUP BY project_name, environment, unique_id
),

incidents AS (
    SELECT
        streaks.project_name,
        streaks.environment,
        streaks.unique_id,
        count(*) AS incident_count,
        count(streaks.closed_at) AS closed_incident_count,
        min(streaks.opened_at) AS first_failed_at,
        max(streaks.last_failed_at) AS last_failed_at,
        sum(date_diff('microsecond', streaks.opened_at, streaks.closed_at)) AS recovery_microseconds,
        sum(date_diff('microsecond', streaks.opened_at, coalesce(streaks.closed_at, streaks.last_failed_at)))
            AS failed_microseconds
    FROM internal.failure_streaks AS streaks
    GROUP BY streaks.project_name, streaks.environment, streaks.unique_id
),

measured AS (
    SELECT
        executed.project_name,
        executed.environment,
        executed.unique_id,
        executed.executed_count,
        executed.failure_count,
        executed.first_executed_at,
        executed.last_executed_at,
        coalesce(incidents.incident_count, 0) AS incident_count,
        coalesce(incidents.closed_incident_count, 0) AS closed_incident_count,
        incidents.last_failed_at,
        incidents.recovery_microseconds,
        date_diff('microsecond', executed.first_executed_at, executed.last_executed_at) AS observed_microseconds,
        coalesce(incidents.failed_microseconds, 0) AS failed_microseconds
    FROM executed
    LEFT JOIN incidents
        ON incidents.project_name IS NOT DISTINCT FROM executed.project_name
        AND incidents.environment = executed.environment
        AND incidents.unique_id = executed.unique_id
)

SELECT
    project_name,
    environment,
    unique_id,
    split_part(unique_id, '.', 1) AS resource_type,
    executed_count,
    failure_count,
    CAST(incident_count AS BIGINT) AS incident_count,
    CAST(closed_incident_count AS BIGINT) AS closed_incident_count,
    CAST(observed_microseconds - failed_microseconds AS DOUBLE) / nullif(incident_count, 0) / 1e6
        AS mean_time_between_failures_seconds,
    CAST(recovery_microseconds AS DOUBLE) / nullif(closed_incident_count, 0) / 1e6
        AS mean_time_to_recovery_seconds,
    CAST(failed_microseconds AS DOUBLE) / 1e6 AS failed_seconds,
    CAST(observed_microseconds AS DOUBLE) / 1e6 AS observed_seconds,
    CAST(failed_microseconds AS DOUBLE) / nullif(observed_microseconds, 0) AS failed_time_rate,
    incident_count > closed_incident_count AS is_failing,
    first_executed_at,
    last_executed_at,
    last_failed_at
FROM measured;

COMMENT ON VIEW v1.reliability IS 'One row per node that was ever executed: its incidents (v1.failure_incidents) over the time from its first to its last executed result.';
COMMENT ON COLUMN v1.reliability.executed_count IS 'How many results are of class success, warn or failure.';
COMMENT ON COLUMN v1.reliability.failure_count IS 'How many executed results are of class failure.';
COMMENT ON COLUMN v1.reliability.incident_count IS 'How many incidents there are, an open one included.';
COMMENT ON COLUMN v1.reliability.closed_incident_count IS 'How many incidents are closed.';
COMMENT ON COLUMN v1.reliability.mean_time_between_failures_seconds IS 'The observed time outside the failed state, over incident_count; NULL without an incident.';
COMMENT ON COLUMN v1.reliability.mean_time_to_recovery_seconds IS 'The mean seconds from the opening to the closing of the closed incidents; NULL without one.';
COMMENT ON COLUMN v1.reliability.failed_seconds IS 'The time in the failed state: from the opening of each incident to its closing; for an open incident, to its last failure.';
COMMENT ON COLUMN v1.reliability.observed_seconds IS 'The seconds from the first executed result to the last.';
COMMENT ON COLUMN v1.reliability.failed_time_rate IS 'failed_seconds over observed_seconds, 0 to 1.';
COMMENT ON COLUMN v1.reliability.is_failing IS 'Whether an incident is open.';
COMMENT ON COLUMN v1.reliability.first_executed_at IS 'When the first executed result was completed, UTC.';
COMMENT ON COLUMN v1.reliability.last_executed_at IS 'When the last executed result was completed, UTC.';
