-- Every environment, with its numbers.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, adapter_type VARCHAR, last_updated_at TIMESTAMP)
-- grain: environment_id
SELECT
    environment_id AS id,
    environment AS name,
    project_id,
    project_name,
    project_name AS dbt_project_name,
    adapter_type,
    last_updated_at
FROM environments
ORDER BY project_name, environment
