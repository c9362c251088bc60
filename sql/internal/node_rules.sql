-- Where nodes of the current manifests lack tests, descriptions, contracts or the name that their folder asks for.
-- grain: project_name, environment, rule, unique_id
CREATE OR REPLACE VIEW internal.node_rules AS
WITH nodes AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        access,
        is_contract_enforced,
        is_described,
        source_name,
        is_source_described,
        has_freshness,
        folder_layer,
        prefix_layer,
        has_key_constraint
    FROM internal.project_nodes
    WHERE is_own AND resource_type IN ('model', 'source')
),

column_tests AS (
    SELECT
        tests.project_name,
        tests.environment,
        tests.unique_id,
        tests.column_name,
        count(*) AS test_count,
        count(*) FILTER (WHERE definitions.test_name = 'unique') > 0
        AND count(*) FILTER (WHERE definitions.test_name = 'not_null') > 0 AS is_key,
        count(*) FILTER (
            WHERE definitions.test_name IN (
                'unique_combination_of_columns', 'expect_compound_columns_to_be_unique', 'primary_key'
            )
        ) > 0 AS is_compound_key
    FROM internal.node_tests AS tests
    INNER JOIN internal.current_nodes AS nodes
        ON nodes.project_name IS NOT DISTINCT FROM tests.project_name
        AND nodes.environment = tests.environment
        AND nodes.unique_id = tests.test_unique_id
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
    GROUP BY tests.project_name, tests.environment, tests.unique_id, tests.column_name
),

tested AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        bool_or((is_key AND column_name IS NOT NULL) OR is_compound_key) AS has_key
    FROM column_tests
    GROUP BY project_name, environment, unique_id
),

-- Columns that only a catalog has count too.
undescribed AS MATERIALIZED (
    SELECT
        columns.project_name,
        columns.environment,
        columns.unique_id,
        count(*) AS column_count,
        count(*) FILTER (WHERE NOT regexp_matches(coalesce(columns.description, ''), '\S')) AS undescribed_count,
        string_agg(columns.column_name, ', ' ORDER BY columns.column_index ASC, columns.column_name ASC)
            FILTER (WHERE NOT regexp_matches(coalesce(columns.description, ''), '\S')) AS undescribed
    FROM internal.described_columns AS columns
    GROUP BY columns.project_name, columns.environment, columns.unique_id
),

placed AS (
    SELECT project_name, environment, folder_layer
    FROM nodes
    WHERE folder_layer IS NOT NULL AND resource_type = 'model'
    GROUP BY project_name, environment, folder_layer
),

facts AS MATERIALIZED (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.unique_id,
        nodes.resource_type,
        nodes.name,
        nodes.access,
        nodes.is_contract_enforced,
        nodes.is_described,
        nodes.source_name,
        nodes.is_source_described,
        nodes.has_freshness,
        nodes.folder_layer,
        nodes.prefix_layer,
        tested.unique_id IS NOT NULL AS is_tested,
        nodes.has_key_constraint OR coalesce(tested.has_key, FALSE) AS has_key,
        coalesce(undescribed.column_count, 0) AS column_count,
        coalesce(undescribed.undescribed_count, 0) AS undescribed_count,
        undescribed.undescribed
    FROM nodes
    LEFT JOIN tested
        ON tested.project_name IS NOT DISTINCT FROM nodes.project_name
        AND tested.environment = nodes.environment
        AND tested.unique_id = nodes.unique_id
    LEFT JOIN undescribed
        ON undescribed.project_name IS NOT DISTINCT FROM nodes.project_name
        AND undescribed.environment = nodes.environment
        AND undescribed.unique_id = nodes.unique_id
)

SELECT project_name, environment, 'untested_models' AS rule, unique_id, 'Has no test.' AS sentence
FROM facts
WHERE resource_type = 'model' AND NOT is_tested
UNION ALL
SELECT project_name, environment, 'missing_primary_key_tests' AS rule, unique_id,
    'Has no column that is tested to be unique and not null, and no test of several columns together.' AS sentence
FROM facts
WHERE resource_type = 'model' AND NOT has_key
UNION ALL
SELECT project_name, environment, 'undocumented_models' AS rule, unique_id, 'Has no description.' AS sentence
FROM facts
WHERE resource_type = 'model' AND NOT is_described
UNION ALL
SELECT project_name, environment, 'undocumented_source_tables' AS rule, unique_id, 'Has no description.' AS sentence
FROM facts
WHERE resource_type = 'source' AND NOT is_described
UNION ALL
SELECT project_name, environment, 'undocumented_sources' AS rule, unique_id,
    'Belongs to the source ' || source_name || ', which has no description.' AS sentence
FROM facts
WHERE resource_type = 'source' AND NOT is_source_described
UNION ALL
SELECT project_name, environment, 'undocumented_columns' AS rule, unique_id,
    'Has ' || undescribed_count || ' of ' || column_count || ' columns without a description (' || undescribed || ').'
        AS sentence
FROM facts
WHERE undescribed_count > 0
UNION ALL
SELECT project_name, environment, 'undocumented_public_models' AS rule, unique_id,
    'Is public, and it or one of its columns has no description.' AS sentence
FROM facts
WHERE resource_type = 'model' AND access = 'public' AND (NOT is_described OR undescribed_count > 0 OR column_count = 0)
UNION ALL
SELECT project_name, environment, 'public_models_without_contract' AS rule, unique_id,
    'Is public, and its contract is not enforced.' AS sentence
FROM facts
WHERE resource_type = 'model' AND access = 'public' AND NOT is_contract_enforced
UNION ALL
SELECT project_name, environment, 'sources_without_freshness' AS rule, unique_id,
    'Has no freshness criteria.' AS sentence
FROM facts
WHERE resource_type = 'source' AND NOT has_freshness
UNION ALL
SELECT project_name, environment, 'model_naming_conventions' AS rule, unique_id,
    CASE folder_layer
        WHEN 'staging' THEN 'Is in a folder staging, and its name does not begin with stg_ or base_.'
        ELSE 'Is in a folder intermediate, and its name does not begin with int_.'
    END AS sentence
FROM facts
WHERE resource_type = 'model'
    AND folder_layer IN ('staging', 'intermediate')
    AND prefix_layer IS DISTINCT FROM folder_layer
UNION ALL
SELECT facts.project_name, facts.environment, 'model_directories' AS rule, facts.unique_id,
    'Is named as a model of layer ' || facts.prefix_layer || ', and is not in a folder ' || facts.prefix_layer
    || ' though there is one.' AS sentence
FROM facts
INNER JOIN placed
    ON placed.project_name IS NOT DISTINCT FROM facts.project_name
    AND placed.environment = facts.environment
    AND placed.folder_layer = facts.prefix_layer
WHERE facts.resource_type = 'model' AND facts.folder_layer IS DISTINCT FROM facts.prefix_layer;

COMMENT ON VIEW internal.node_rules IS 'One row per node of a current manifest and rule that it breaks.';
