-- How much of every graph has tests, descriptions, contracts and freshness criteria, package by package.
-- grain: graph_id, package_name
CREATE OR REPLACE VIEW internal.graph_coverage AS
WITH nodes AS (
    SELECT
        members.set_id AS graph_id,
        traits.package_name,
        traits.unique_id,
        traits.resource_type,
        traits.is_described,
        traits.is_contract_enforced,
        traits.access,
        traits.has_freshness,
        traits.column_count,
        traits.described_column_count
    FROM stored.set_members AS members
    INNER JOIN internal.definition_traits AS traits ON traits.definition_id = members.member_id
    WHERE traits.is_enabled
        AND traits.resource_type IN ('model', 'source', 'test', 'unit_test')
        AND members.set_id IN (SELECT graph_id FROM internal.manifest_periods)
),

tested AS (
    SELECT DISTINCT
        members.set_id AS graph_id,
        coalesce(definitions.tested_unique_id, definitions.depends_on_nodes[1]) AS unique_id
    FROM stored.set_members AS members
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = members.member_id
    WHERE definitions.is_enabled
        AND definitions.is_shadowed IS NULL
        AND (
            definitions.tested_unique_id IS NOT NULL
            OR (definitions.test_type = 'singular' AND array_length(definitions.depends_on_nodes) = 1)
        )
)

SELECT
    nodes.graph_id,
    nodes.package_name,
    count(*) FILTER (WHERE nodes.resource_type IN ('test', 'unit_test')) AS test_count,
    count(*) FILTER (WHERE nodes.resource_type = 'model') AS model_count,
    count(*) FILTER (WHERE nodes.resource_type = 'model' AND tested.unique_id IS NOT NULL) AS tested_model_count,
    count(*) FILTER (WHERE nodes.resource_type = 'model' AND nodes.is_described) AS described_model_count,
    count(*) FILTER (WHERE nodes.resource_type = 'model' AND nodes.is_contract_enforced) AS contract_model_count,
    count(*) FILTER (WHERE nodes.resource_type = 'model' AND nodes.access = 'public') AS public_model_count,
    count(*) FILTER (
        WHERE nodes.resource_type = 'model' AND nodes.access = 'public' AND nodes.is_contract_enforced
    ) AS contract_public_model_count,
    coalesce(sum(nodes.column_count) FILTER (WHERE nodes.resource_type = 'model'), 0) AS column_count,
    coalesce(sum(nodes.described_column_count) FILTER (WHERE nodes.resource_type = 'model'), 0)
        AS described_column_count,
    count(*) FILTER (WHERE nodes.resource_type = 'source') AS source_count,
    count(*) FILTER (WHERE nodes.resource_type = 'source' AND tested.unique_id IS NOT NULL) AS tested_source_count,
    count(*) FILTER (WHERE nodes.resource_type = 'source' AND nodes.is_described) AS described_source_count,
    count(*) FILTER (WHERE nodes.resource_type = 'source' AND nodes.has_freshness) AS freshness_source_count
FROM nodes
LEFT JOIN tested
    ON tested.graph_id = nodes.graph_id
    AND tested.unique_id = nodes.unique_id
GROUP BY nodes.graph_id, nodes.package_name;

COMMENT ON VIEW internal.graph_coverage IS 'One row per graph and package that has models, sources or tests in it.';
