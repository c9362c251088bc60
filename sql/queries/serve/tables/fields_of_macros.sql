-- What only macros have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, macro_sql, arguments
FROM v1.macros
