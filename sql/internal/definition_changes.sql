-- Which fields differ between two successive definitions of one resource.
-- grain: previous_definition_id, definition_id
CREATE OR REPLACE VIEW internal.definition_changes AS
WITH pairs AS (
    SELECT DISTINCT previous_definition_id, definition_id
    FROM internal.definition_periods
    WHERE previous_definition_id <> definition_id
),

-- One row for each of the two definitions of a pair.
sides AS (
    SELECT previous_definition_id, definition_id, previous_definition_id AS side_id FROM pairs
    UNION ALL
    SELECT previous_definition_id, definition_id, definition_id AS side_id FROM pairs
),

-- The fields with a column of their own, in the order of `changed_fields`. JSON is compared as text.
definitions AS (
    SELECT
        definition_id,
        to_json({
            'resource_type': resource_type,
            'package_name': package_name,
            'name': name,
            'path': path,
            'original_file_path': original_file_path,
            'patch_path': patch_path,
            'fqn': fqn,
            'description': description,
            'language': language,
            'materialized': materialized,
            'tags': tags,
            'meta': CAST(meta AS VARCHAR),
            'config': CAST(config AS VARCHAR),
            'owner': CAST(owner AS VARCHAR),
            'group_name': group_name,
            'access': access,
            'is_contract_enforced': is_contract_enforced,
            'version': version,
            'latest_version': latest_version,
            'deprecation_date': deprecation_date,
            'is_enabled': is_enabled,
            'raw_code': raw_code_id,
            'columns': columns_id,
            'depends_on_nodes': depends_on_nodes,
            'test_type': test_type,
            'test_name': test_name,
            'test_namespace': test_namespace,
            'kwargs': CAST(kwargs AS VARCHAR),
            'column_name': column_name,
            'tested_unique_id': tested_unique_id,
            'severity': severity,
            'warn_if': warn_if,
            'error_if': error_if
        }) AS fields,
        extra
    FROM stored.definitions
    WHERE definition_id IN (SELECT sides.side_id FROM sides)
),

-- One row per field of a definition. The keys of `extra` come last.
fields AS (
    SELECT
        definition_id,
        unnest(range(array_length(json_keys(fields)))) AS place,
        unnest(json_keys(fields)) AS field,
        unnest(json_extract(fields, '$.*')) AS value
    FROM definitions
    UNION ALL
    SELECT
        definition_id,
        1000 AS place,
        unnest(json_keys(extra)) AS field,
        unnest(json_extract(extra, '$.*')) AS value
    FROM definitions
),

-- A field differs where only one of the two definitions has it, or where the values differ. A definition does not have
-- a field whose column is NULL; a null in `extra` is a value.
changes AS (
    SELECT sides.previous_definition_id, sides.definition_id, fields.place, fields.field
    FROM sides
    INNER JOIN fields ON fields.definition_id = sides.side_id
    WHERE fields.value <> 'null' OR fields.place = 1000
    GROUP BY sides.previous_definition_id, sides.definition_id, fields.place, fields.field
    HAVING count(*) = 1 OR min(fields.value) <> max(fields.value)
)

SELECT
    pairs.previous_definition_id,
    pairs.definition_id,
    coalesce(
        list(changes.field ORDER BY changes.place ASC, changes.field ASC) FILTER (WHERE changes.field IS NOT NULL), []
    ) AS changed_fields
FROM pairs
LEFT JOIN changes
    ON changes.previous_definition_id = pairs.previous_definition_id
    AND changes.definition_id = pairs.definition_id
GROUP BY pairs.previous_definition_id, pairs.definition_id;

COMMENT ON VIEW internal.definition_changes IS 'One row per pair of definitions of which the second followed the first.';
