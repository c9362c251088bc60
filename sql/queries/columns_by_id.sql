-- The columns of catalogued relations and of declarations, as JSON: the names, and the types of those that have fields.
-- A catalog names all columns of a relation; a declaration may leave some out.
-- parameters: none
-- tables: ids (id VARCHAR)
-- grain: id, is_complete
WITH columns AS (
    SELECT catalog_relation_id AS id, column_name, column_index, data_type, TRUE AS is_complete
    FROM stored.catalog_columns
    WHERE catalog_relation_id IN (SELECT id FROM ids)
    UNION ALL
    -- Definitions that declare the same columns share a columns_id: one of them tells for all.
    SELECT definitions.columns_id, columns.column_name, columns.column_index, columns.declared_data_type, FALSE
    FROM stored.definition_columns AS columns
    INNER JOIN (
        SELECT columns_id, min(definition_id) AS definition_id
        FROM stored.definitions
        WHERE columns_id IN (SELECT id FROM ids)
        GROUP BY columns_id
    ) AS definitions ON definitions.definition_id = columns.definition_id
)

SELECT
    id,
    CAST(to_json(list(column_name ORDER BY column_index NULLS LAST, column_name)) AS VARCHAR) AS names,
    CAST(
        to_json(
            list(struct_pack(name := column_name, type := data_type))
            FILTER (WHERE regexp_matches(data_type, '(?i)struct|row *\(|object *\(|record|tuple|nested'))
        ) AS VARCHAR
    ) AS types,
    is_complete
FROM columns
WHERE column_name IS NOT NULL
GROUP BY id, is_complete
