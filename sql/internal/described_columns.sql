-- Every column of every relation: as declared in the current manifest, and as the catalog last found it.
-- grain: project_name, environment, unique_id, column_name
CREATE OR REPLACE VIEW internal.described_columns AS
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
        columns.constraints,
        columns.extra
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
        columns.comment,
        columns.extra AS catalog_extra
    FROM internal.current_nodes AS nodes
    INNER JOIN internal.current_relations AS relations
        ON relations.project_name IS NOT DISTINCT FROM nodes.project_name
        AND relations.environment = nodes.environment
        AND relations.unique_id = nodes.unique_id
    INNER JOIN stored.catalog_columns AS columns
        ON columns.catalog_relation_id = relations.catalog_relation_id
),

-- Databases fold the case of names, people do not: declared and catalogued columns match without regard to case.
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
        declared.extra,
        catalogued.catalog_extra,
        declared.column_name AS declared_name
    FROM catalogued
    FULL JOIN declared
        ON declared.project_name IS NOT DISTINCT FROM catalogued.project_name
        AND declared.environment = catalogued.environment
        AND declared.unique_id = catalogued.unique_id
        AND lower(declared.column_name) = lower(catalogued.column_name)
)

SELECT
    project_name,
    environment,
    unique_id,
    column_name,
    column_index,
    description,
    comment,
    data_type,
    declared_data_type,
    meta,
    tags,
    constraints,
    extra,
    catalog_extra
FROM matched
QUALIFY row_number() OVER (
    PARTITION BY project_name, environment, unique_id, column_name
    ORDER BY declared_name = column_name DESC, declared_name ASC
) = 1;

COMMENT ON VIEW internal.described_columns IS
    'One row per column of a relation of the current manifest, declared or found by a catalog.';
