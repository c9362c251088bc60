-- The runs of each job as counters and times, the jobs with the newest runs first.
-- parameters: $count
-- grain: project_name, environment, job_name
SELECT
    coalesce(project_name, '') AS project,
    environment,
    coalesce(job_name, '') AS job,
    count(*) FILTER (WHERE is_success) AS success_count,
    count(*) FILTER (WHERE NOT is_success) AS failure_count,
    epoch(max(completed_at)) AS last_run_at,
    epoch(max(completed_at) FILTER (WHERE is_success)) AS last_success_at,
    arg_max(span_seconds, generated_at) AS last_seconds
FROM v1.logical_runs
GROUP BY project_name, environment, job_name
ORDER BY max(generated_at) DESC, project, environment, job
LIMIT $count
