-- Which nodes of each graph are another project's, as the graphs stood at a time; 'infinity' means now.
-- grain: project_name, environment, unique_id, parent_project_name, parent_environment, parent_unique_id
--
-- Not portable, like all macros. A node is another project's by one of two proofs, and never by a name alone:
--
-- unique_id: the graph has the node without a file, as dbt writes an external node (`is_external_node` in
--   https://github.com/dbt-labs/dbt-core/blob/main/core/dbt/contracts/graph/nodes.py), or only names it as a parent; and
--   another project has a file of that id. Of several projects, it is the one whose own package the id belongs to. Of
--   its environments, it is the one that builds the same relation, else the same environment, else the latest graph.
-- relation: the relation of a source is one that a model, seed or snapshot of another project makes, by the same adapter
--   in the same environment. A relation that the source's own project makes is its own.
--
-- Where two projects match equally, both are there, and `is_ambiguous` says so.
CREATE OR REPLACE MACRO internal.external_nodes_at(ts) AS TABLE
WITH manifests AS MATERIALIZED (
    SELECT
        periods.project_name,
        periods.environment,
        periods.artifact_key,
        periods.valid_from,
        artifacts.graph_id,
        artifacts.rendering_set_id,
        artifacts.adapter_type,
        coalesce(folds.fold, 'lower') AS fold,
        coalesce(artifacts.project_name, artifacts.main_package) AS own_package
    FROM internal.manifest_periods AS periods
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = periods.artifact_key
    LEFT JOIN internal.identifier_folds AS folds ON folds.adapter_type = artifacts.adapter_type
    WHERE periods.valid_from <= ts AND (periods.valid_to IS NULL OR ts < periods.valid_to)
),

nodes AS MATERIALIZED (
    SELECT
        manifests.artifact_key,
        manifests.own_package,
        nodes.unique_id,
        nodes.definition_id,
        nodes.resource_type,
        nodes.materialized,
        nodes.is_enabled,
        nodes.parent_unique_ids,
        coalesce(nodes.package_name = manifests.own_package, FALSE) AS is_own,
        nodes.has_file OR coalesce(nodes.package_name = manifests.own_package, FALSE) AS is_defined
    FROM manifests
    INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = manifests.graph_id
    WHERE nodes.resource_type NOT IN ('macro', 'doc', 'group')
),

written AS (
    SELECT
        nodes.artifact_key,
        nodes.unique_id,
        nodes.resource_type = 'source' AS is_source,
        nodes.is_defined,
        manifests.project_name,
        manifests.environment,
        manifests.adapter_type,
        manifests.fold,
        coalesce(renderings.database_name, '') AS database_name,
        coalesce(renderings.schema_name, '') AS schema_name,
        renderings.alias,
        -- dbt quotes names unless it is told not to; on adapters that fold to upper case it does not.
        CASE
            WHEN renderings.relation_name IS NOT NULL THEN translate(renderings.relation_name, '`[]', '"""')
            WHEN manifests.fold = 'lower'
                THEN '"' || concat_ws('"."', renderings.database_name, renderings.schema_name, renderings.alias) || '"'
            ELSE concat_ws('.', renderings.database_name, renderings.schema_name, renderings.alias)
        END AS quoted_name
    FROM nodes
    INNER JOIN manifests ON manifests.artifact_key = nodes.artifact_key
    INNER JOIN stored.set_members AS members ON members.set_id = manifests.rendering_set_id
    INNER JOIN stored.renderings AS renderings
        ON renderings.rendering_id = members.member_id
        AND renderings.definition_id = nodes.definition_id
    WHERE
        nodes.is_enabled
        AND nodes.resource_type IN ('model', 'seed', 'snapshot', 'source')
        AND nodes.materialized IS DISTINCT FROM 'ephemeral'
        AND renderings.alias IS NOT NULL
),

relations AS MATERIALIZED (
    SELECT
        artifact_key,
        unique_id,
        is_source,
        is_defined,
        project_name,
        environment,
        adapter_type,
        CASE
            WHEN fold = 'all' THEN lower(database_name)
            WHEN contains(quoted_name, '"' || database_name || '"') THEN database_name
            WHEN fold = 'upper' THEN upper(database_name)
            ELSE lower(database_name)
        END AS database_name,
        CASE
            WHEN fold = 'all' THEN lower(schema_name)
            WHEN contains(quoted_name, '"' || schema_name || '"') THEN schema_name
            WHEN fold = 'upper' THEN upper(schema_name)
            ELSE lower(schema_name)
        END AS schema_name,
        CASE
            WHEN fold = 'all' THEN lower(alias)
            WHEN contains(quoted_name, '"' || alias || '"') THEN alias
            WHEN fold = 'upper' THEN upper(alias)
            ELSE lower(alias)
        END AS alias
    FROM written
    -- The relation of a source can be a file or a function (external_location of dbt-duckdb).
    WHERE ends_with('.' || lower(replace(quoted_name, '"', '')), '.' || lower(alias))
),

outsiders AS (
    SELECT artifact_key, unique_id
    FROM nodes
    WHERE is_enabled AND NOT is_defined

    UNION

    SELECT parents.artifact_key, parents.unique_id
    FROM (SELECT artifact_key, own_package, unnest(parent_unique_ids) AS unique_id FROM nodes) AS parents
    WHERE split_part(parents.unique_id, '.', 2) IS DISTINCT FROM parents.own_package
        AND NOT EXISTS (
            SELECT 1
            FROM nodes
            WHERE nodes.artifact_key = parents.artifact_key AND nodes.unique_id = parents.unique_id
        )
),

-- What another project defines under the same id; of its environments, the best one.
candidates AS (
    SELECT
        outsiders.artifact_key,
        outsiders.unique_id,
        parents.project_name,
        parents.environment,
        parents.artifact_key AS parent_artifact_key,
        parents.valid_from,
        rank() OVER (
            PARTITION BY outsiders.artifact_key, outsiders.unique_id
            ORDER BY
                definitions.is_own DESC,
                coalesce(
                    seen.database_name = made.database_name
                    AND seen.schema_name = made.schema_name
                    AND seen.alias = made.alias
                    AND seen.adapter_type = made.adapter_type,
                    FALSE
                ) DESC,
                parents.environment = children.environment DESC
        ) AS place
    FROM outsiders
    INNER JOIN manifests AS children ON children.artifact_key = outsiders.artifact_key
    INNER JOIN nodes AS definitions
        ON definitions.unique_id = outsiders.unique_id
        AND definitions.is_enabled
        AND definitions.is_defined
    INNER JOIN manifests AS parents
        ON parents.artifact_key = definitions.artifact_key
        AND parents.project_name IS DISTINCT FROM children.project_name
    LEFT JOIN relations AS seen
        ON seen.artifact_key = outsiders.artifact_key AND seen.unique_id = outsiders.unique_id
    LEFT JOIN relations AS made
        ON made.artifact_key = definitions.artifact_key AND made.unique_id = definitions.unique_id
),

external_nodes AS (
    SELECT artifact_key, unique_id, 'unique_id' AS how_known, parent_artifact_key, unique_id AS parent_unique_id
    FROM candidates
    WHERE place = 1
    QUALIFY row_number() OVER (
        PARTITION BY artifact_key, unique_id, project_name ORDER BY valid_from DESC, environment ASC
    ) = 1

    UNION ALL

    SELECT sources.artifact_key, sources.unique_id, 'relation' AS how_known, made.artifact_key, made.unique_id
    FROM relations AS sources
    INNER JOIN relations AS made
        ON made.alias = sources.alias
        AND made.schema_name = sources.schema_name
        AND made.database_name = sources.database_name
        AND made.adapter_type = sources.adapter_type
        AND made.environment = sources.environment
        AND made.project_name IS DISTINCT FROM sources.project_name
    LEFT JOIN relations AS own
        ON own.artifact_key = sources.artifact_key
        AND own.alias = sources.alias
        AND own.schema_name = sources.schema_name
        AND own.database_name = sources.database_name
        AND own.is_defined
        AND NOT own.is_source
    WHERE sources.is_source AND NOT made.is_source AND made.is_defined AND own.unique_id IS NULL
)

SELECT
    children.project_name,
    children.environment,
    children.artifact_key,
    external_nodes.unique_id,
    external_nodes.how_known,
    parents.project_name AS parent_project_name,
    parents.environment AS parent_environment,
    parents.artifact_key AS parent_artifact_key,
    external_nodes.parent_unique_id,
    count(*) OVER (PARTITION BY external_nodes.artifact_key, external_nodes.unique_id) > 1 AS is_ambiguous
FROM external_nodes
INNER JOIN manifests AS children ON children.artifact_key = external_nodes.artifact_key
INNER JOIN manifests AS parents ON parents.artifact_key = external_nodes.parent_artifact_key;

COMMENT ON MACRO TABLE internal.external_nodes_at IS 'One row per pair of a node of a graph and the node of another project that it stands for.';
