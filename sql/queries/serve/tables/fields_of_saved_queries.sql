-- What only saved queries have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, label, query_params, exports
FROM v1.saved_queries
