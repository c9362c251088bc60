-- Which invocations form one logical run: those of one dbt Cloud run, an invocation and its retries, the steps of a job.
-- grain: artifact_key
--
-- Each invocation is an attempt at a step. A `dbt retry` is another attempt at the step of the invocation before it, of
-- the same project, environment, target, job and command, when it starts within 24 hours of that invocation's end.
-- Steps of a job that each start within an hour of the end of the step before are one run, until the first step runs
-- again.
CREATE OR REPLACE VIEW internal.logical_run_members AS
WITH invocations AS (
    SELECT
        artifact_key,
        project_name,
        environment,
        target_name,
        job_name,
        command,
        run_number,
        is_aborted,
        coalesce(is_retry, FALSE) AS is_retry,
        coalesce(started_at, generated_at) AS started_at,
        greatest(last_completed_at, generated_at) AS completed_at,
        nullif(env ->> 'DBT_CLOUD_RUN_ID', '') AS cloud_run_id,
        concat(command, chr(10), coalesce(selection, ''), chr(10), CASE WHEN is_full_refresh THEN 'full' ELSE '' END)
            AS signature
    FROM internal.all_runs
    WHERE is_executing
),

attempts AS (
    SELECT
        *,
        CASE
            WHEN is_retry AND date_diff('microsecond', lag(completed_at) OVER same_command, started_at) <= 86400000000 THEN 0
            ELSE 1
        END AS is_first
    FROM invocations
    WINDOW same_command AS (
        PARTITION BY project_name, environment, target_name, job_name, cloud_run_id, command ORDER BY run_number ASC
    )
),

numbered AS (
    SELECT
        *,
        sum(is_first) OVER (
            PARTITION BY project_name, environment, target_name, job_name, cloud_run_id, command
            ORDER BY run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS step
    FROM attempts
),

steps AS (
    SELECT
        project_name,
        environment,
        target_name,
        job_name,
        cloud_run_id,
        command,
        step,
        min(run_number) AS run_number,
        arg_min(artifact_key, run_number) AS artifact_key,
        arg_min(signature, run_number) AS signature,
        min(started_at) AS started_at,
        max(completed_at) AS completed_at
    FROM numbered
    GROUP BY project_name, environment, target_name, job_name, cloud_run_id, command, step
),

spaced AS (
    SELECT
        *,
        CASE
            WHEN date_diff('microsecond', lag(completed_at) OVER job, started_at) <= 3600000000 THEN 0
            ELSE 1
        END AS is_apart
    FROM steps
    WINDOW job AS (PARTITION BY project_name, environment, target_name, job_name, cloud_run_id ORDER BY run_number ASC)
),

clustered AS (
    SELECT
        *,
        sum(is_apart) OVER (
            PARTITION BY project_name, environment, target_name, job_name, cloud_run_id
            ORDER BY run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS cluster
    FROM spaced
),

begun AS (
    SELECT
        *,
        CASE
            WHEN signature = first_value(signature) OVER (
                PARTITION BY project_name, environment, target_name, job_name, cloud_run_id, cluster
                ORDER BY run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) THEN 1
            ELSE 0
        END AS is_begin
    FROM clustered
),

-- All invocations with one dbt Cloud run id are one run. A step without a job is a run of its own.
grouped AS (
    SELECT
        *,
        CASE WHEN cloud_run_id IS NULL THEN target_name END AS group_target,
        CASE WHEN cloud_run_id IS NULL THEN job_name END AS group_job,
        CASE
            WHEN cloud_run_id IS NOT NULL THEN 0
            WHEN job_name IS NULL THEN artifact_key
            ELSE sum(is_begin) OVER (
                PARTITION BY project_name, environment, target_name, job_name, cloud_run_id
                ORDER BY run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            )
        END AS group_number
    FROM begun
),

runs AS (
    SELECT
        project_name,
        environment,
        target_name,
        job_name,
        cloud_run_id,
        command,
        step,
        first_value(artifact_key) OVER members AS logical_artifact_key,
        row_number() OVER members AS step_number
    FROM grouped
    WINDOW members AS (
        PARTITION BY project_name, environment, cloud_run_id, group_target, group_job, group_number
        ORDER BY run_number ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
    numbered.artifact_key,
    runs.logical_artifact_key,
    numbered.cloud_run_id,
    runs.step_number,
    row_number() OVER (PARTITION BY runs.logical_artifact_key, runs.step_number ORDER BY numbered.run_number ASC)
        AS attempt_number,
    row_number() OVER (
        PARTITION BY runs.logical_artifact_key, runs.step_number ORDER BY numbered.run_number DESC
    ) = 1 AS is_last_attempt,
    count(*) OVER (PARTITION BY runs.logical_artifact_key) AS invocation_count,
    numbered.run_number,
    numbered.is_retry,
    numbered.is_aborted,
    numbered.started_at,
    numbered.completed_at
FROM numbered
INNER JOIN runs
    ON runs.project_name IS NOT DISTINCT FROM numbered.project_name
    AND runs.environment IS NOT DISTINCT FROM numbered.environment
    AND runs.target_name IS NOT DISTINCT FROM numbered.target_name
    AND runs.job_name IS NOT DISTINCT FROM numbered.job_name
    AND runs.cloud_run_id IS NOT DISTINCT FROM numbered.cloud_run_id
    AND runs.command = numbered.command
    AND runs.step = numbered.step;

COMMENT ON VIEW internal.logical_run_members IS
    'One row per invocation of a command that executes nodes, with the first invocation of the run that it belongs to.';
