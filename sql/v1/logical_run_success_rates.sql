-- How often logical runs succeeded, by day and command: v1.run_success_rates with retries and steps counted as one run.
-- grain: project_name, environment, job_name, command, run_date
-- since: 0.1
CREATE OR REPLACE VIEW v1.logical_run_success_rates AS
-- The mean is of whole microseconds, which add up exactly in any order.
WITH runs AS (
    SELECT
        project_name,
        environment,
        job_name,
        command,
        CAST(generated_at AS DATE) AS run_date,
        is_success,
        invocation_count,
        failed_invocation_count,
        CASE WHEN span_seconds BETWEEN 0 AND 1e9 THEN span_seconds END AS span_seconds,
        CASE WHEN span_seconds BETWEEN 0 AND 1e9 THEN CAST(round(span_seconds * 1e6) AS BIGINT) END AS microseconds
    FROM v1.logical_runs
    WHERE is_success IS NOT NULL
)

SELECT
    project_name,
    environment,
    job_name,
    command,
    run_date,
    count(*) AS run_count,
    count(*) FILTER (WHERE is_success) AS success_count,
    count(*) FILTER (WHERE NOT is_success) AS failure_count,
    CAST(count(*) FILTER (WHERE is_success) / CAST(count(*) AS DOUBLE) AS DOUBLE) AS success_rate,
    count(*) FILTER (WHERE is_success AND failed_invocation_count > 0) AS recovered_count,
    CAST(sum(invocation_count) AS BIGINT) AS invocation_count,
    CAST(sum(microseconds) AS DOUBLE) / nullif(count(microseconds), 0) / 1e6 AS span_seconds_avg,
    quantile_cont(span_seconds, 0.5) AS span_seconds_median,
    max(span_seconds) AS span_seconds_max
FROM runs
GROUP BY project_name, environment, job_name, command, run_date;

COMMENT ON VIEW v1.logical_run_success_rates IS 'One row per project, environment, job, command of the first invocation and its day, with logical runs (v1.logical_runs) that executed something. Pruned runs are not in it.';
COMMENT ON COLUMN v1.logical_run_success_rates.command IS 'The command of the first invocation.';
COMMENT ON COLUMN v1.logical_run_success_rates.run_date IS 'The day on which the first invocation''s results were written, UTC.';
COMMENT ON COLUMN v1.logical_run_success_rates.run_count IS 'How many logical runs have a known is_success.';
COMMENT ON COLUMN v1.logical_run_success_rates.success_count IS 'How many of these logical runs succeeded in the end.';
COMMENT ON COLUMN v1.logical_run_success_rates.failure_count IS 'How many of these logical runs failed in the end.';
COMMENT ON COLUMN v1.logical_run_success_rates.recovered_count IS 'How many of these logical runs succeeded in the end after one of their invocations had failed.';
COMMENT ON COLUMN v1.logical_run_success_rates.invocation_count IS 'How many invocations the logical runs consist of.';
COMMENT ON COLUMN v1.logical_run_success_rates.span_seconds_avg IS 'The mean time from the start to the end of a logical run.';
COMMENT ON COLUMN v1.logical_run_success_rates.span_seconds_median IS 'The median time from the start to the end of a logical run.';
COMMENT ON COLUMN v1.logical_run_success_rates.span_seconds_max IS 'The longest time from the start to the end of a logical run.';
