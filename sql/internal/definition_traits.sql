-- What coverage and rules need to know of every definition: descriptions, a contract, freshness, a layer.
-- grain: definition_id
CREATE OR REPLACE VIEW internal.definition_traits AS
WITH column_counts AS (
    SELECT
        definition_id,
        count(*) AS column_count,
        count(*) FILTER (WHERE regexp_matches(description, '\S')) AS described_column_count,
        count(*) FILTER (WHERE list_contains(constraints ->> '$[*].type', 'primary_key')) AS key_column_count
    FROM stored.definition_columns
    GROUP BY definition_id
),

placed AS (
    SELECT
        definition_id,
        unique_id,
        resource_type,
        package_name,
        name,
        materialized,
        access,
        is_contract_enforced,
        is_enabled,
        description,
        raw_code_id,
        language,
        extra,
        extra -> '$.freshness' AS freshness,
        '/' || lower(replace(coalesce(original_file_path, path, ''), '\', '/')) AS file_path
    FROM stored.definitions
    WHERE is_shadowed IS NULL
)

SELECT
    placed.definition_id,
    placed.unique_id,
    placed.resource_type,
    placed.package_name,
    placed.name,
    placed.materialized,
    coalesce(placed.access, CASE WHEN placed.resource_type = 'model' THEN 'protected' END) AS access,
    coalesce(placed.is_contract_enforced, FALSE) AS is_contract_enforced,
    placed.is_enabled,
    coalesce(regexp_matches(placed.description, '\S'), FALSE) AS is_described,
    placed.raw_code_id,
    coalesce(placed.language, 'sql') = 'sql' AS is_sql,
    placed.extra ->> '$.source_name' AS source_name,
    coalesce(regexp_matches(placed.extra ->> '$.source_description', '\S'), FALSE) AS is_source_described,
    coalesce(
        placed.freshness ->> '$.warn_after.count', placed.freshness ->> '$.error_after.count'
    ) IS NOT NULL AS has_freshness,
    -- By the folder, else by the prefix of the name.
    CASE
        WHEN contains(placed.file_path, '/staging/') THEN 'staging'
        WHEN contains(placed.file_path, '/intermediate/') THEN 'intermediate'
        WHEN contains(placed.file_path, '/marts/') THEN 'marts'
    END AS folder_layer,
    CASE
        WHEN starts_with(placed.name, 'stg_') OR starts_with(placed.name, 'base_') THEN 'staging'
        WHEN starts_with(placed.name, 'int_') THEN 'intermediate'
        WHEN starts_with(placed.name, 'fct_') OR starts_with(placed.name, 'dim_') THEN 'marts'
    END AS prefix_layer,
    coalesce(column_counts.column_count, 0) AS column_count,
    coalesce(column_counts.described_column_count, 0) AS described_column_count,
    coalesce(column_counts.key_column_count, 0) > 0
    OR list_contains(placed.extra ->> '$.constraints[*].type', 'primary_key') IS TRUE
        AS has_key_constraint
FROM placed
LEFT JOIN column_counts ON column_counts.definition_id = placed.definition_id;

COMMENT ON VIEW internal.definition_traits IS 'One row per definition that is not shadowed.';
