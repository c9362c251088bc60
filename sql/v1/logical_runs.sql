-- Runs as people count them: a failed invocation and its retries, the steps of a job, or a run of dbt Cloud are one run.
-- grain: invocation_id, command
-- since: 0.1
CREATE OR REPLACE VIEW v1.logical_runs AS
WITH runs AS MATERIALIZED (
    SELECT
        artifact_key,
        invocation_id,
        command,
        project_name,
        environment,
        job_name,
        target_name,
        generated_at,
        elapsed_seconds,
        is_success_told,
        is_failure_told,
        executed_count,
        success_count,
        warn_count,
        failure_count,
        skipped_count
    FROM internal.all_runs
),

members AS MATERIALIZED (
    SELECT
        artifact_key,
        logical_artifact_key,
        cloud_run_id,
        step_number,
        is_last_attempt,
        invocation_count,
        run_number,
        is_retry,
        is_aborted,
        started_at,
        completed_at
    FROM internal.logical_run_members
),

invocation_outcomes AS MATERIALIZED (
    SELECT
        runs.artifact_key,
        coalesce(runs.executed_count, counts.executed_count, 0) AS executed_count,
        coalesce(runs.success_count, counts.success_count, 0) AS success_count,
        coalesce(runs.warn_count, counts.warn_count, 0) AS warn_count,
        coalesce(runs.failure_count, counts.failure_count, 0) AS failure_count,
        coalesce(runs.skipped_count, counts.skipped_count, 0) AS skipped_count
    FROM runs
    LEFT JOIN (
        SELECT
            artifact_key,
            count(*) FILTER (WHERE is_executed) AS executed_count,
            count(*) FILTER (WHERE status_class = 'success') AS success_count,
            count(*) FILTER (WHERE status_class = 'warn') AS warn_count,
            count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
            count(*) FILTER (WHERE status_class = 'skipped') AS skipped_count
        FROM internal.classified_executions
        GROUP BY artifact_key
    ) AS counts
        ON counts.artifact_key = runs.artifact_key
),

-- The checks of `source freshness`, by the run that they belong to.
checks AS (
    SELECT
        runs.artifact_key,
        checks.unique_id,
        checks.status_class,
        coalesce(checks.snapshotted_at, checks.generated_at) AS checked_at
    FROM internal.freshness_checks AS checks
    INNER JOIN runs ON runs.invocation_id = checks.invocation_id AND runs.command = checks.command
),

-- In a run of several invocations, the last executed result of a node counts; if it was never executed, the last one.
last_results AS (
    SELECT
        members.logical_artifact_key,
        -- Adding 2^100, which is more than any recency, puts executed results after all others.
        arg_max(
            executions.status_class,
            coalesce(executions.recency, 0)
            + CASE WHEN executions.is_executed THEN CAST(1267650600228229401496703205376 AS HUGEINT) ELSE 0 END
        ) AS status_class,
        bool_or(executions.status_class IN ('failure', 'skipped')) AS has_failed
    FROM internal.classified_executions AS executions
    INNER JOIN members ON members.artifact_key = executions.artifact_key
    WHERE members.invocation_count > 1 AND executions.is_counted
    GROUP BY members.logical_artifact_key, executions.unique_id
    UNION ALL
    SELECT
        members.logical_artifact_key,
        arg_max(checks.status_class, struct_pack(at := checks.checked_at, number := members.run_number)) AS status_class,
        bool_or(checks.status_class IN ('failure', 'skipped')) AS has_failed
    FROM checks
    INNER JOIN members ON members.artifact_key = checks.artifact_key
    WHERE members.invocation_count > 1
    GROUP BY members.logical_artifact_key, checks.unique_id
),

outcomes AS (
    SELECT
        members.logical_artifact_key,
        outcomes.executed_count,
        outcomes.success_count,
        outcomes.warn_count,
        outcomes.failure_count,
        outcomes.skipped_count,
        0 AS recovered_count
    FROM members
    INNER JOIN invocation_outcomes AS outcomes ON outcomes.artifact_key = members.artifact_key
    WHERE members.invocation_count = 1
    UNION ALL
    SELECT
        logical_artifact_key,
        count(*) FILTER (WHERE status_class IN ('success', 'warn', 'failure')) AS executed_count,
        count(*) FILTER (WHERE status_class = 'success') AS success_count,
        count(*) FILTER (WHERE status_class = 'warn') AS warn_count,
        count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
        count(*) FILTER (WHERE status_class = 'skipped') AS skipped_count,
        count(*) FILTER (WHERE status_class IN ('success', 'warn') AND has_failed) AS recovered_count
    FROM last_results
    GROUP BY logical_artifact_key
),

-- The sum is of whole femtoseconds, which add up exactly in any order.
folded AS (
    SELECT
        members.logical_artifact_key,
        min(members.started_at) AS started_at,
        max(members.completed_at) AS completed_at,
        max(members.cloud_run_id) AS dbt_cloud_run_id,
        count(*) AS invocation_count,
        max(members.step_number) AS step_count,
        count(*) FILTER (WHERE members.is_retry) AS retry_count,
        count(*) FILTER (
            WHERE members.is_aborted OR runs.is_failure_told OR outcomes.failure_count > 0
        ) AS failed_invocation_count,
        bool_or((members.is_aborted OR runs.is_failure_told) AND members.is_last_attempt) AS has_failed_whole,
        bool_or(runs.is_success_told) AS is_success_told,
        sum(CASE WHEN runs.elapsed_seconds BETWEEN 0 AND 1e9 THEN CAST(round(runs.elapsed_seconds * 1e15) AS HUGEINT) END)
            AS femtoseconds,
        list(runs.invocation_id ORDER BY members.run_number ASC) AS invocation_ids
    FROM members
    INNER JOIN runs ON runs.artifact_key = members.artifact_key
    LEFT JOIN invocation_outcomes AS outcomes ON outcomes.artifact_key = members.artifact_key
    GROUP BY members.logical_artifact_key
)

SELECT
    runs.invocation_id,
    runs.command,
    runs.project_name,
    runs.environment,
    runs.job_name,
    runs.target_name,
    folded.dbt_cloud_run_id,
    runs.generated_at,
    folded.started_at,
    folded.completed_at,
    CAST(date_diff('microsecond', folded.started_at, folded.completed_at) / 1000000.0 AS DOUBLE) AS span_seconds,
    CAST(folded.femtoseconds AS DOUBLE) / 1e15 AS elapsed_seconds,
    folded.invocation_count,
    CAST(folded.step_count AS BIGINT) AS step_count,
    folded.retry_count,
    folded.failed_invocation_count,
    CASE
        WHEN folded.has_failed_whole THEN FALSE
        WHEN outcomes.executed_count > 0 THEN outcomes.failure_count = 0
        WHEN folded.is_success_told THEN TRUE
    END AS is_success,
    CAST(coalesce(outcomes.executed_count, 0) AS BIGINT) AS executed_count,
    CAST(coalesce(outcomes.success_count, 0) AS BIGINT) AS success_count,
    CAST(coalesce(outcomes.warn_count, 0) AS BIGINT) AS warn_count,
    CAST(coalesce(outcomes.failure_count, 0) AS BIGINT) AS failure_count,
    CAST(coalesce(outcomes.skipped_count, 0) AS BIGINT) AS skipped_count,
    CAST(coalesce(outcomes.recovered_count, 0) AS BIGINT) AS recovered_count,
    folded.invocation_ids
FROM folded
INNER JOIN runs ON runs.artifact_key = folded.logical_artifact_key
LEFT JOIN outcomes ON outcomes.logical_artifact_key = folded.logical_artifact_key;

COMMENT ON VIEW v1.logical_runs IS 'One row per logical run of commands that execute nodes. One logical run are: the invocations with one DBT_CLOUD_RUN_ID; else an invocation and its retries, each within 24 hours of the one before; and the invocations of one job that each start within an hour of the end of the one before, until the first step runs again.';
COMMENT ON COLUMN v1.logical_runs.invocation_id IS 'The first invocation.';
COMMENT ON COLUMN v1.logical_runs.command IS 'The command of the first invocation.';
COMMENT ON COLUMN v1.logical_runs.target_name IS 'The first invocation''s args.target; NULL when the profile''s default was taken.';
COMMENT ON COLUMN v1.logical_runs.dbt_cloud_run_id IS 'The id of the dbt Cloud run.';
COMMENT ON COLUMN v1.logical_runs.generated_at IS 'When the first invocation''s results were written, UTC.';
COMMENT ON COLUMN v1.logical_runs.started_at IS 'When the first invocation started, UTC.';
COMMENT ON COLUMN v1.logical_runs.completed_at IS 'When the last invocation was completed, UTC.';
COMMENT ON COLUMN v1.logical_runs.span_seconds IS 'The seconds from started_at to completed_at, pauses between the invocations included.';
COMMENT ON COLUMN v1.logical_runs.elapsed_seconds IS 'The sum of the invocations'' elapsed_time.';
COMMENT ON COLUMN v1.logical_runs.invocation_count IS 'How many invocations it has.';
COMMENT ON COLUMN v1.logical_runs.step_count IS 'How many steps it has. A retry is another attempt at a step, not a step.';
COMMENT ON COLUMN v1.logical_runs.retry_count IS 'How many of the invocations are a dbt retry.';
COMMENT ON COLUMN v1.logical_runs.failed_invocation_count IS 'How many of the invocations were aborted, ended with an error, or had a node that failed.';
COMMENT ON COLUMN v1.logical_runs.is_success IS 'Whether at least one node was executed, or source checked for its freshness, in the end and none failed; false where dbt ended with an error in the last attempt at a step; NULL when none was executed. Without results, the scheduler''s word counts.';
COMMENT ON COLUMN v1.logical_runs.executed_count IS 'How many nodes have a final result (v1.logical_run_nodes) of class success, warn or failure, and sources a last freshness check.';
COMMENT ON COLUMN v1.logical_runs.success_count IS 'How many nodes have a final result, and sources a last freshness check, of class success.';
COMMENT ON COLUMN v1.logical_runs.warn_count IS 'How many nodes have a final result, and sources a last freshness check, of class warn.';
COMMENT ON COLUMN v1.logical_runs.failure_count IS 'How many nodes have a final result, and sources a last freshness check, of class failure.';
COMMENT ON COLUMN v1.logical_runs.skipped_count IS 'How many nodes have a final result, and sources a last freshness check, of class skipped.';
COMMENT ON COLUMN v1.logical_runs.recovered_count IS 'How many nodes failed or were skipped in it, and have a final result of class success or warn.';
COMMENT ON COLUMN v1.logical_runs.invocation_ids IS 'All its invocations, in order.';
