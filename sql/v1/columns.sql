-- Every column of every relation: as declared in the current manifest, and as the catalog last found it.
-- grain: project_name, environment, unique_id, column_name
-- since: 0.1
CREATE OR REPLACE VIEW v1.columns AS
WITH declared AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.unique_id,
        columns.column_name,
        columns.column_index,
        columns.description,
        columns.declared_data_type,
        columns.meta,
        columns.tags,
        columns.constraints
    FROM internal.current_nodes AS nodes
    INNER JOIN stored.definition_columns AS columns ON columns.definition_id = nodes.definition_id
),

catalogued AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.unique_id,
        columns.column_name,
        columns.column_index,
        columns.data_type,
        columns.comment
    FROM internal.current_nodes AS nodes
    INNER JOIN internal.current_relations AS relations
        ON relations.project_name IS NOT DISTINCT FROM nodes.project_name
        AND relations.environment = nodes.environment
        AND relations.unique_id = nodes.unique_id
    INNER JOIN stored.catalog_columns AS columns
        ON columns.catalog_relation_id = relations.catalog_relation_id
),

-- Databases fold the case of names, people do not: a declared column is the catalogued one of the same letters.
matched AS (
    SELECT
        coalesce(catalogued.project_name, declared.project_name) AS project_name,
        coalesce(catalogued.environment, declared.environment) AS environment,
        coalesce(catalogued.unique_id, declared.unique_id) AS unique_id,
        coalesce(catalogued.column_name, declared.column_name) AS column_name,
        coalesce(catalogued.column_index, declared.column_index) AS column_index,
        declared.description,
        catalogued.comment,
        coalesce(catalogued.data_type, declared.declared_data_type) AS data_type,
        declared.declared_data_type,
        declared.meta,
        declared.tags,
        declared.constraints,
        declared.column_name AS declared_name
    FROM catalogued
    FULL JOIN declared
        ON declared.project_name IS NOT DISTINCT FROM catalogued.project_name
        AND declared.environment = catalogued.environment
        AND declared.unique_id = catalogued.unique_id
        AND lower(declared.column_name) = lower(catalogued.column_name)
)

SELECT
    matched.project_name,
    matched.environment,
    matched.unique_id,
    matched.column_name,
    matched.column_index,
    matched.description,
    matched.comment,
    matched.data_type,
    matched.declared_data_type,
    matched.meta,
    matched.tags,
    matched.constraints,
    coalesce(tests.test_count, 0) AS test_count,
    coalesce(tests.failing_test_count, 0) AS failing_test_count
FROM matched
LEFT JOIN internal.test_counts AS tests
    ON tests.project_name IS NOT DISTINCT FROM matched.project_name
    AND tests.environment = matched.environment
    AND tests.unique_id = matched.unique_id
    AND tests.column_name = lower(matched.column_name)
QUALIFY row_number() OVER (
    PARTITION BY matched.project_name, matched.environment, matched.unique_id, matched.column_name
    ORDER BY matched.declared_name = matched.column_name DESC, matched.declared_name
) = 1;

COMMENT ON VIEW v1.columns IS 'One row per column of a relation of the current manifest, declared or found by a catalog.';
COMMENT ON COLUMN v1.columns.project_name IS 'The project.';
COMMENT ON COLUMN v1.columns.environment IS 'The environment.';
COMMENT ON COLUMN v1.columns.unique_id IS 'The model, seed, snapshot, source or other node.';
COMMENT ON COLUMN v1.columns.column_name IS 'The column, as the catalog spells it, else as declared.';
COMMENT ON COLUMN v1.columns.column_index IS 'Its place, as the catalog counts, else among the declared ones from 1.';
COMMENT ON COLUMN v1.columns.description IS 'Its declared description.';
COMMENT ON COLUMN v1.columns.comment IS 'Its comment in the database.';
COMMENT ON COLUMN v1.columns.data_type IS 'Its type in the database, else as declared.';
COMMENT ON COLUMN v1.columns.declared_data_type IS 'Its declared type.';
COMMENT ON COLUMN v1.columns.meta IS 'Its meta.';
COMMENT ON COLUMN v1.columns.tags IS 'Its tags.';
COMMENT ON COLUMN v1.columns.constraints IS 'Its declared constraints.';
COMMENT ON COLUMN v1.columns.test_count IS 'How many enabled tests it has.';
COMMENT ON COLUMN v1.columns.failing_test_count IS 'How many of them failed when they were last executed.';
