-- The numbers of projects, environments, jobs and their last runs. An environment without runs has one row.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR), runs (run_id BIGINT, job_id BIGINT, environment_id BIGINT, job_name VARCHAR, generated_at TIMESTAMP)
-- grain: environment_id, job_id
SELECT
    environments.project_name AS project,
    environments.project_id,
    environments.environment,
    environments.environment_id,
    runs.job_name AS job,
    runs.job_id,
    count(DISTINCT runs.run_id) AS run_count,
    arg_max(runs.run_id, runs.generated_at) AS last_run_id,
    max(runs.generated_at) AS last_run_at
FROM environments
LEFT JOIN runs ON runs.environment_id = environments.environment_id
GROUP BY ALL
ORDER BY project, environment, job NULLS FIRST
