-- Every job, with its last run: the last one that executed nodes, else the last one.
-- parameters: none
-- tables: runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, job_name VARCHAR, environment VARCHAR, generated_at TIMESTAMP, is_executing BOOLEAN)
-- grain: job_id
SELECT
    job_id AS id,
    any_value(job_name) AS name,
    any_value(environment_id) AS environment_id,
    coalesce(
        arg_max(run_id, generated_at) FILTER (WHERE is_executing),
        arg_max(run_id, generated_at)
    ) AS last_run_id
FROM runs
GROUP BY job_id
ORDER BY environment_id, name
