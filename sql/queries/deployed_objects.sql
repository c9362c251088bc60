-- The views and macros that are deployed in a schema.
-- parameters: $schema
-- grain: name
SELECT view_name AS name
FROM duckdb_views()
WHERE schema_name = $schema AND database_name = current_database()
UNION
SELECT function_name
FROM duckdb_functions()
WHERE schema_name = $schema AND database_name = current_database()
