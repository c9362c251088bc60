-- The last run of each job and command in each environment, and when they last succeeded; the last run first.
-- parameters: none
-- grain: project_name, environment, job_name, command
WITH numbered AS (
    SELECT
        *,
        coalesce(started_at, generated_at) AS ran_at,
        row_number() OVER (
            PARTITION BY project_name, environment, job_name, command
            ORDER BY generated_at DESC, invocation_id
        ) AS number,
        max(CASE WHEN is_success THEN coalesce(completed_at, generated_at) END)
            OVER (PARTITION BY project_name, environment, job_name, command) AS last_success_at
    FROM v1.invocations
    WHERE is_executing
)

SELECT
    environment,
    job_name,
    command,
    ran_at AS last_run_at,
    CASE
        WHEN is_aborted THEN 'aborted'
        WHEN is_success THEN 'ok'
        WHEN NOT is_success THEN 'failed'
        ELSE 'no nodes'
    END AS outcome,
    last_success_at,
    failure_count,
    skipped_count,
    success_count,
    warn_count,
    invocation_id,
    project_name
FROM numbered
WHERE number = 1
ORDER BY
    max(ran_at) OVER (PARTITION BY project_name, environment) DESC,
    project_name,
    environment,
    ran_at DESC,
    job_name,
    command
