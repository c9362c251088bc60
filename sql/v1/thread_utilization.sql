-- How busy every thread of every run was.
-- grain: invocation_id, command, thread_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.thread_utilization AS
WITH executed AS (
    SELECT
        artifact_key,
        thread_id,
        coalesce(
            least(compile_started_at, execute_started_at),
            greatest(compile_completed_at, execute_completed_at)
            - to_microseconds(
                CAST(round(CASE WHEN execution_seconds BETWEEN 0 AND 1e7 THEN execution_seconds END * 1e6) AS BIGINT)
            )
        ) AS started_at,
        greatest(compile_completed_at, execute_completed_at) AS completed_at
    FROM internal.classified_executions
    WHERE is_executed
),

placed AS (
    SELECT
        artifact_key,
        thread_id,
        started_at,
        completed_at,
        run_started_at,
        run_completed_at,
        max(completed_at) OVER (
            PARTITION BY artifact_key, thread_id
            ORDER BY started_at ASC, completed_at ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS free_at
    FROM (
        SELECT
            artifact_key,
            thread_id,
            started_at,
            completed_at,
            min(started_at) OVER (PARTITION BY artifact_key) AS run_started_at,
            max(completed_at) OVER (PARTITION BY artifact_key) AS run_completed_at
        FROM executed
    )
    WHERE started_at <= completed_at
),

threads AS (
    SELECT
        artifact_key,
        thread_id,
        count(*) AS result_count,
        min(started_at) AS first_started_at,
        max(completed_at) AS last_completed_at,
        min(run_started_at) AS run_started_at,
        max(run_completed_at) AS run_completed_at,
        sum(greatest(date_diff('microsecond', greatest(started_at, free_at), completed_at), 0)) AS busy
    FROM placed
    GROUP BY artifact_key, thread_id
),

spans AS (
    SELECT
        artifact_key,
        thread_id,
        result_count,
        first_started_at,
        last_completed_at,
        CAST(busy AS DOUBLE) AS busy,
        CAST(date_diff('microsecond', run_started_at, run_completed_at) AS DOUBLE) AS span,
        count(thread_id) OVER (PARTITION BY artifact_key) AS thread_count
    FROM threads
)

SELECT
    runs.invocation_id,
    runs.command,
    spans.thread_id,
    runs.project_name,
    runs.environment,
    spans.result_count,
    spans.first_started_at,
    spans.last_completed_at,
    spans.busy / 1e6 AS busy_seconds,
    (spans.span - spans.busy) / 1e6 AS idle_seconds,
    spans.span / 1e6 AS run_span_seconds,
    spans.busy / nullif(spans.span, 0) AS utilization_rate,
    spans.thread_count
FROM spans
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = spans.artifact_key
WHERE spans.thread_id IS NOT NULL;

COMMENT ON VIEW v1.thread_utilization IS 'One row per thread of a run that executed something at a known time.';
COMMENT ON COLUMN v1.thread_utilization.thread_id IS 'The thread, as dbt names it; hooks run on the main one.';
COMMENT ON COLUMN v1.thread_utilization.result_count IS 'How many executed results of the thread have a known time.';
COMMENT ON COLUMN v1.thread_utilization.first_started_at IS 'When its first result started, UTC.';
COMMENT ON COLUMN v1.thread_utilization.last_completed_at IS 'When its last result was done, UTC.';
COMMENT ON COLUMN v1.thread_utilization.busy_seconds IS 'How long the thread worked. Where results overlap, as batches of a microbatch model may, no moment counts twice.';
COMMENT ON COLUMN v1.thread_utilization.idle_seconds IS 'How long the thread did not work, between the first start and the last completion of the run.';
COMMENT ON COLUMN v1.thread_utilization.run_span_seconds IS 'busy_seconds plus idle_seconds: from the first start to the last completion of the run.';
COMMENT ON COLUMN v1.thread_utilization.utilization_rate IS 'busy_seconds over run_span_seconds.';
COMMENT ON COLUMN v1.thread_utilization.thread_count IS 'How many threads of the run have a row here. A thread that dbt never used is in no artifact.';
