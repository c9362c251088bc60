-- Every column of every relation: as declared in the current manifest, and as the catalog last found it.
-- grain: project_name, environment, unique_id, column_name
-- since: 0.1
CREATE OR REPLACE VIEW v1.columns AS
SELECT
    columns.project_name,
    columns.environment,
    columns.unique_id,
    columns.column_name,
    columns.column_index,
    columns.description,
    columns.comment,
    columns.data_type,
    columns.declared_data_type,
    columns.meta,
    columns.tags,
    columns.constraints,
    coalesce(tests.test_count, 0) AS test_count,
    coalesce(tests.failing_test_count, 0) AS failing_test_count,
    columns.extra,
    columns.catalog_extra
FROM internal.described_columns AS columns
LEFT JOIN internal.test_counts AS tests
    ON tests.project_name IS NOT DISTINCT FROM columns.project_name
    AND tests.environment = columns.environment
    AND tests.unique_id = columns.unique_id
    AND tests.column_name = lower(columns.column_name);

COMMENT ON VIEW v1.columns IS 'One row per column of a relation of the current manifest, declared or in a catalog.';
COMMENT ON COLUMN v1.columns.unique_id IS 'The model, seed, snapshot, source or other node.';
COMMENT ON COLUMN v1.columns.column_name IS 'The column as the catalog spells it, else as declared.';
COMMENT ON COLUMN v1.columns.column_index IS 'The position of the column in the catalog, else among the declared columns, from 1.';
COMMENT ON COLUMN v1.columns.description IS 'The declared description of the column.';
COMMENT ON COLUMN v1.columns.comment IS 'The comment of the column in the database.';
COMMENT ON COLUMN v1.columns.data_type IS 'The type of the column in the database, else as declared.';
COMMENT ON COLUMN v1.columns.declared_data_type IS 'The declared type of the column.';
COMMENT ON COLUMN v1.columns.constraints IS 'The declared constraints of the column.';
COMMENT ON COLUMN v1.columns.extra IS 'Every field of its declaration that has no column here, as dbt wrote it.';
