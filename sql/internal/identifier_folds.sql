-- What a database does with the case of the names of relations: only adapters that differ from PostgreSQL's rule, by
-- which a quoted name is exact and another one is in lower case.
-- grain: adapter_type
--
-- `all`: case never matters, not even in quotes. `upper`: a name without quotes is in upper case.
-- Snowflake: https://docs.snowflake.com/en/sql-reference/identifiers-syntax
-- Redshift: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
-- DuckDB: https://duckdb.org/docs/stable/sql/dialect/keywords_and_identifiers
-- Databricks: https://docs.databricks.com/en/sql/language-manual/sql-ref-names.html
-- Trino: https://trino.io/docs/current/language/reserved.html
CREATE OR REPLACE VIEW internal.identifier_folds AS
SELECT adapter_type, fold
FROM (
    VALUES
        ('athena', 'all'),
        ('databricks', 'all'),
        ('duckdb', 'all'),
        ('exasol', 'upper'),
        ('fabricspark', 'all'),
        ('glue', 'all'),
        ('hive', 'all'),
        ('impala', 'all'),
        ('oracle', 'upper'),
        ('presto', 'all'),
        ('redshift', 'all'),
        ('snowflake', 'upper'),
        ('spark', 'all'),
        ('sqlite', 'all'),
        ('sqlserver', 'all'),
        ('starburst', 'all'),
        ('synapse', 'all'),
        ('trino', 'all')
) AS folds (adapter_type, fold);

COMMENT ON VIEW internal.identifier_folds IS 'One row per adapter whose database folds the case of names in another way than PostgreSQL.';
