-- What differs between two definitions of one resource that followed each other.
-- grain: previous_definition_id, definition_id
CREATE OR REPLACE VIEW internal.definition_changes AS
WITH pairs AS (
    SELECT DISTINCT previous_definition_id, definition_id
    FROM internal.definition_periods
    WHERE previous_definition_id <> definition_id
),

extra_keys AS (
    SELECT pairs.previous_definition_id, pairs.definition_id, unnest(json_keys(olds.extra)) AS field
    FROM pairs
    INNER JOIN stored.definitions AS olds ON olds.definition_id = pairs.previous_definition_id
    UNION
    SELECT pairs.previous_definition_id, pairs.definition_id, unnest(json_keys(news.extra)) AS field
    FROM pairs
    INNER JOIN stored.definitions AS news ON news.definition_id = pairs.definition_id
),

-- A JSON pointer finds a key whatever it is called; a JSON path cannot name one with a quotation mark in it.
extra_paths AS (
    SELECT
        previous_definition_id,
        definition_id,
        field,
        '/' || replace(replace(field, '~', '~0'), '/', '~1') AS path
    FROM extra_keys
),

extra_changes AS (
    SELECT
        extra_paths.previous_definition_id,
        extra_paths.definition_id,
        list(extra_paths.field ORDER BY extra_paths.field) AS fields
    FROM extra_paths
    INNER JOIN stored.definitions AS olds ON olds.definition_id = extra_paths.previous_definition_id
    INNER JOIN stored.definitions AS news ON news.definition_id = extra_paths.definition_id
    WHERE CAST(json_extract(olds.extra, extra_paths.path) AS VARCHAR)
        IS DISTINCT FROM CAST(json_extract(news.extra, extra_paths.path) AS VARCHAR)
    GROUP BY extra_paths.previous_definition_id, extra_paths.definition_id
)

SELECT
    pairs.previous_definition_id,
    pairs.definition_id,
    list_concat(
        CASE WHEN olds.resource_type IS DISTINCT FROM news.resource_type THEN ['resource_type'] ELSE [] END,
        CASE WHEN olds.package_name IS DISTINCT FROM news.package_name THEN ['package_name'] ELSE [] END,
        CASE WHEN olds.name IS DISTINCT FROM news.name THEN ['name'] ELSE [] END,
        CASE WHEN olds.path IS DISTINCT FROM news.path THEN ['path'] ELSE [] END,
        CASE WHEN olds.original_file_path IS DISTINCT FROM news.original_file_path THEN ['original_file_path'] ELSE [] END,
        CASE WHEN olds.patch_path IS DISTINCT FROM news.patch_path THEN ['patch_path'] ELSE [] END,
        CASE WHEN olds.fqn IS DISTINCT FROM news.fqn THEN ['fqn'] ELSE [] END,
        CASE WHEN olds.description IS DISTINCT FROM news.description THEN ['description'] ELSE [] END,
        CASE WHEN olds.language IS DISTINCT FROM news.language THEN ['language'] ELSE [] END,
        CASE WHEN olds.materialized IS DISTINCT FROM news.materialized THEN ['materialized'] ELSE [] END,
        CASE WHEN olds.tags IS DISTINCT FROM news.tags THEN ['tags'] ELSE [] END,
        CASE WHEN olds.meta IS DISTINCT FROM news.meta THEN ['meta'] ELSE [] END,
        CASE WHEN olds.config IS DISTINCT FROM news.config THEN ['config'] ELSE [] END,
        CASE WHEN olds.owner IS DISTINCT FROM news.owner THEN ['owner'] ELSE [] END,
        CASE WHEN olds.group_name IS DISTINCT FROM news.group_name THEN ['group_name'] ELSE [] END,
        CASE WHEN olds.access IS DISTINCT FROM news.access THEN ['access'] ELSE [] END,
        CASE WHEN olds.is_contract_enforced IS DISTINCT FROM news.is_contract_enforced THEN ['is_contract_enforced'] ELSE [] END,
        CASE WHEN olds.version IS DISTINCT FROM news.version THEN ['version'] ELSE [] END,
        CASE WHEN olds.latest_version IS DISTINCT FROM news.latest_version THEN ['latest_version'] ELSE [] END,
        CASE WHEN olds.deprecation_date IS DISTINCT FROM news.deprecation_date THEN ['deprecation_date'] ELSE [] END,
        CASE WHEN olds.is_enabled IS DISTINCT FROM news.is_enabled THEN ['is_enabled'] ELSE [] END,
        CASE WHEN olds.raw_code_id IS DISTINCT FROM news.raw_code_id THEN ['raw_code'] ELSE [] END,
        CASE WHEN olds.columns_id IS DISTINCT FROM news.columns_id THEN ['columns'] ELSE [] END,
        CASE WHEN olds.depends_on_nodes IS DISTINCT FROM news.depends_on_nodes THEN ['depends_on_nodes'] ELSE [] END,
        CASE WHEN olds.test_type IS DISTINCT FROM news.test_type THEN ['test_type'] ELSE [] END,
        CASE WHEN olds.test_name IS DISTINCT FROM news.test_name THEN ['test_name'] ELSE [] END,
        CASE WHEN olds.test_namespace IS DISTINCT FROM news.test_namespace THEN ['test_namespace'] ELSE [] END,
        CASE WHEN olds.kwargs IS DISTINCT FROM news.kwargs THEN ['kwargs'] ELSE [] END,
        CASE WHEN olds.column_name IS DISTINCT FROM news.column_name THEN ['column_name'] ELSE [] END,
        CASE WHEN olds.tested_unique_id IS DISTINCT FROM news.tested_unique_id THEN ['tested_unique_id'] ELSE [] END,
        CASE WHEN olds.severity IS DISTINCT FROM news.severity THEN ['severity'] ELSE [] END,
        CASE WHEN olds.warn_if IS DISTINCT FROM news.warn_if THEN ['warn_if'] ELSE [] END,
        CASE WHEN olds.error_if IS DISTINCT FROM news.error_if THEN ['error_if'] ELSE [] END,
        coalesce(extra_changes.fields, [])
    ) AS changed_fields
FROM pairs
INNER JOIN stored.definitions AS olds ON olds.definition_id = pairs.previous_definition_id
INNER JOIN stored.definitions AS news ON news.definition_id = pairs.definition_id
LEFT JOIN extra_changes
    ON extra_changes.previous_definition_id = pairs.previous_definition_id
    AND extra_changes.definition_id = pairs.definition_id;

COMMENT ON VIEW internal.definition_changes IS 'One row per pair of definitions of which the second followed the first.';
