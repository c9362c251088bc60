-- When each result of a run with a whole timeline was executed, on which thread, and what it waited for. `rest_ms` is
-- how much longer it was on its thread than dbt's execution time says.
-- parameters: $since, $project, $environment, $job, $whole_runs
-- grain: invocation_id, command, unique_id
SELECT
    invocation_id,
    command,
    unique_id,
    thread_id,
    CAST(round(started_after_seconds * 1000) AS BIGINT) AS start_ms,
    CAST(round(completed_after_seconds * 1000) AS BIGINT) - CAST(round(started_after_seconds * 1000) AS BIGINT)
    - CAST(round(coalesce(execution_seconds, 0) * 1000) AS BIGINT) AS rest_ms,
    waited_for_unique_id,
    CAST(round(queued_seconds * 1000) AS BIGINT) AS queued_ms,
    CAST(round(slack_seconds * 1000) AS BIGINT) AS slack_ms,
    CAST(round(drag_seconds * 1000) AS BIGINT) AS drag_ms,
    observed_step,
    critical_step
FROM v1.run_timelines_of(
    (
        SELECT list(kept.invocation_id)
        FROM (
            SELECT
                invocation_id,
                $whole_runs IS NULL OR is_success IS NOT TRUE OR row_number() OVER (
                    PARTITION BY project_name, environment, job_name, command
                    ORDER BY generated_at DESC, invocation_id DESC
                ) <= $whole_runs AS is_whole
            FROM v1.invocations
            WHERE ($since IS NULL OR generated_at >= $since)
                AND ($project IS NULL OR project_name = $project)
                AND ($environment IS NULL OR environment = $environment)
                AND ($job IS NULL OR job_name = $job)
        ) AS kept
        WHERE kept.is_whole
    )
)
ORDER BY min(started_at) OVER (PARTITION BY invocation_id, command), invocation_id, command, started_at, unique_id
