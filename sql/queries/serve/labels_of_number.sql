-- The project and the environment of a number.
-- parameters: $number
-- literals: $column
-- tables: environments (environment_id BIGINT, project_name VARCHAR, environment VARCHAR), runs (environment_id BIGINT, job_id BIGINT)
-- grain: project_name, environment
SELECT DISTINCT environments.project_name, environments.environment
FROM environments
LEFT JOIN (SELECT DISTINCT environment_id AS job_environment_id, job_id FROM runs) AS jobs
    ON jobs.job_environment_id = environments.environment_id
WHERE $column = $number
