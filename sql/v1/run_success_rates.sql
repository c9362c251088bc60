-- How often invocations succeeded, and how long they took, by day and command.
-- grain: project_name, environment, job_name, command, run_date
-- since: 0.1
CREATE OR REPLACE VIEW v1.run_success_rates AS
-- The mean is of whole femtoseconds, which add up exactly in any order. A time beyond 10^9 seconds does not count.
WITH outcomes AS (
    SELECT
        project_name,
        environment,
        job_name,
        command,
        generated_at,
        is_success,
        CASE WHEN NOT is_empty AND NOT is_sample THEN elapsed_seconds END AS elapsed_seconds
    FROM v1.invocations
    WHERE is_success IS NOT NULL
    UNION ALL
    SELECT
        settled.project_name,
        settled.environment,
        settled.job_name,
        settled.command,
        artifacts.generated_at,
        pruned.is_success,
        pruned.elapsed_seconds
    FROM stored.pruned_runs AS pruned
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = pruned.artifact_key
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = pruned.artifact_key
),

runs AS (
    SELECT
        project_name,
        environment,
        job_name,
        command,
        CAST(generated_at AS DATE) AS run_date,
        is_success,
        CASE WHEN elapsed_seconds BETWEEN 0 AND 1e9 THEN elapsed_seconds END AS elapsed_seconds,
        CASE WHEN elapsed_seconds BETWEEN 0 AND 1e9 THEN CAST(round(elapsed_seconds * 1e15) AS HUGEINT) END
            AS femtoseconds
    FROM outcomes
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
    CAST(sum(femtoseconds) AS DOUBLE) / nullif(count(femtoseconds), 0) / 1e15 AS elapsed_seconds_avg,
    quantile_cont(elapsed_seconds, 0.5) AS elapsed_seconds_median,
    max(elapsed_seconds) AS elapsed_seconds_max
FROM runs
GROUP BY project_name, environment, job_name, command, run_date;

COMMENT ON VIEW v1.run_success_rates IS 'One row per project, environment, job, command and day with invocations that executed something.';
COMMENT ON COLUMN v1.run_success_rates.run_count IS 'How many invocations have a known is_success.';
COMMENT ON COLUMN v1.run_success_rates.success_count IS 'How many of these invocations succeeded.';
COMMENT ON COLUMN v1.run_success_rates.failure_count IS 'How many of these invocations failed.';
COMMENT ON COLUMN v1.run_success_rates.elapsed_seconds_avg IS 'The mean elapsed_time of these invocations.';
COMMENT ON COLUMN v1.run_success_rates.elapsed_seconds_median IS 'The median elapsed_time of these invocations.';
COMMENT ON COLUMN v1.run_success_rates.elapsed_seconds_max IS 'The longest elapsed_time of these invocations.';
