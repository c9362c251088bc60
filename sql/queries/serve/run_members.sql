-- The job of a run.
-- parameters: $run_id
-- tables: runs (run_id BIGINT, job_id BIGINT)
-- grain: run_id
SELECT run_id, any_value(job_id) AS job_id
FROM runs
WHERE run_id = $run_id
GROUP BY run_id
