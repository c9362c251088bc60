-- The public views and table macros whose name begins with a text.
-- parameters: $prefix
-- grain: value
SELECT view_name AS value, comment AS about
FROM duckdb_views()
WHERE schema_name = 'v1' AND database_name = current_database() AND starts_with(view_name, $prefix)
UNION
SELECT function_name AS value, comment AS about
FROM duckdb_functions()
WHERE schema_name = 'v1' AND database_name = current_database() AND starts_with(function_name, $prefix)
ORDER BY value
