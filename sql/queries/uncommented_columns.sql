-- The deployed columns without a comment, with the sentence that the glossary has for them.
-- parameters: $schemas
-- literals: $glossary
-- grain: schema_name, table_name, column_name
SELECT columns.schema_name, columns.table_name, columns.column_name, glossary.sentence
FROM duckdb_columns() AS columns
INNER JOIN ($glossary) AS glossary ON glossary.column_name = columns.column_name
WHERE columns.comment IS NULL
    AND columns.database_name = current_database()
    AND list_contains($schemas, columns.schema_name)
ORDER BY columns.schema_name, columns.table_name, columns.column_index
