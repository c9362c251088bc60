-- Every time that a source was late: its freshness checks that did not pass, from a check that passed to the next one.
-- parameters: $since
-- grain: project_name, environment, unique_id, late_at
WITH checks AS (
    SELECT
        *,
        coalesce(snapshotted_at, generated_at) AS checked_at
    FROM v1.source_freshness
    WHERE status_class IN ('success', 'warn', 'failure')
),

numbered AS (
    SELECT
        *,
        lag(status_class) OVER series AS previous_class,
        count(*) FILTER (WHERE status_class = 'success') OVER series AS passed_count
    FROM checks
    WINDOW series AS (
        PARTITION BY project_name, environment, unique_id
        ORDER BY checked_at ASC, generated_at ASC, invocation_id ASC
        ROWS UNBOUNDED PRECEDING
    )
),

passes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        passed_count,
        checked_at AS fresh_at,
        max_loaded_at AS fresh_max_loaded_at,
        invocation_id AS fresh_invocation_id,
        job_name AS fresh_job_name
    FROM numbered
    WHERE status_class = 'success' AND previous_class <> 'success'
),

streaks AS (
    SELECT
        project_name,
        environment,
        unique_id,
        passed_count,
        min(checked_at) AS late_at,
        min(checked_at) FILTER (WHERE status_class = 'failure') AS error_at
    FROM numbered
    WHERE status_class <> 'success'
    GROUP BY project_name, environment, unique_id, passed_count
)

SELECT
    streaks.project_name,
    streaks.environment,
    streaks.unique_id,
    streaks.late_at,
    streaks.error_at,
    passes.fresh_at,
    passes.fresh_max_loaded_at,
    passes.fresh_invocation_id,
    passes.fresh_job_name,
    first_late.status AS late_status,
    first_late.max_loaded_at AS late_max_loaded_at,
    first_late.max_loaded_at_age_seconds AS late_age_seconds,
    first_late.warn_after_seconds,
    first_late.invocation_id AS late_invocation_id,
    first_late.job_name AS late_job_name,
    first_error.status AS error_status,
    first_error.max_loaded_at AS error_max_loaded_at,
    first_error.max_loaded_at_age_seconds AS error_age_seconds,
    first_error.error_after_seconds,
    first_error.error,
    first_error.invocation_id AS error_invocation_id,
    first_error.job_name AS error_job_name
FROM streaks
LEFT JOIN passes
    ON passes.project_name IS NOT DISTINCT FROM streaks.project_name
    AND passes.environment = streaks.environment
    AND passes.unique_id = streaks.unique_id
    AND passes.passed_count = streaks.passed_count + 1
LEFT JOIN numbered AS first_late
    ON first_late.project_name IS NOT DISTINCT FROM streaks.project_name
    AND first_late.environment = streaks.environment
    AND first_late.unique_id = streaks.unique_id
    AND first_late.checked_at = streaks.late_at
    AND first_late.status_class <> 'success'
LEFT JOIN numbered AS first_error
    ON first_error.project_name IS NOT DISTINCT FROM streaks.project_name
    AND first_error.environment = streaks.environment
    AND first_error.unique_id = streaks.unique_id
    AND first_error.checked_at = streaks.error_at
    AND first_error.status_class = 'failure'
WHERE passes.fresh_at IS NULL OR streaks.late_at >= $since OR passes.fresh_at >= $since
QUALIFY row_number() OVER (
    PARTITION BY streaks.project_name, streaks.environment, streaks.unique_id, streaks.late_at
    ORDER BY first_late.invocation_id ASC, first_error.invocation_id ASC
) = 1
ORDER BY streaks.late_at ASC, streaks.project_name ASC, streaks.environment ASC, streaks.unique_id ASC
