-- Every column of every relation, with its type and tests.
-- parameters: $project, $environment
-- grain: project_name, environment, unique_id, column_name
SELECT
    project_name,
    environment,
    unique_id,
    column_name,
    coalesce(data_type, declared_data_type) AS data_type,
    coalesce(nullif(description, ''), comment) AS description,
    test_count,
    failing_test_count
FROM v1.columns
WHERE ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY project_name, environment, unique_id, column_index, column_name
