-- The enabled models, snapshots, seeds and sources of one manifest, with what is needed to resolve their columns.
-- parameters: $rendering_set_id, $graph_id
-- tables: rendering_sets (set_id VARCHAR, place BIGINT), catalog_sets (set_id VARCHAR, place BIGINT)
-- grain: unique_id
WITH own AS (
    SELECT renderings.*
    FROM stored.set_members AS members
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    WHERE members.set_id = $rendering_set_id
),

-- A node that the manifest did not compile has the code that an earlier manifest compiled of the same definition.
compilations AS (
    SELECT
        renderings.definition_id,
        arg_max(
            renderings.compiled_code_id, struct_pack(at := sets.place, id := renderings.rendering_id)
        ) AS compiled_code_id
    FROM rendering_sets AS sets
    INNER JOIN stored.set_members AS members ON members.set_id = sets.set_id
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    WHERE
        renderings.compiled_code_id IS NOT NULL
        AND renderings.definition_id IN (SELECT definition_id FROM own WHERE compiled_code_id IS NULL)
    GROUP BY renderings.definition_id
),

relations AS (
    SELECT
        relations.unique_id,
        arg_max(
            relations.catalog_relation_id, struct_pack(at := sets.place, id := relations.catalog_relation_id)
        ) AS catalog_relation_id
    FROM catalog_sets AS sets
    INNER JOIN stored.set_members AS members ON members.set_id = sets.set_id
    INNER JOIN stored.catalog_relations AS relations ON relations.catalog_relation_id = members.member_id
    WHERE relations.catalog_relation_id IN (SELECT catalog_relation_id FROM stored.catalog_columns)
    GROUP BY relations.unique_id
)

SELECT
    definitions.unique_id,
    definitions.resource_type,
    coalesce(definitions.name, '') AS name,
    coalesce(own.alias, definitions.name, '') AS alias,
    own.database_name,
    own.schema_name,
    own.relation_name,
    definitions.materialized,
    definitions.language,
    coalesce(definitions.depends_on_nodes, []) AS depends_on_nodes,
    coalesce(own.compiled_code_id, compilations.compiled_code_id) AS compiled_code_id,
    relations.catalog_relation_id,
    definitions.columns_id,
    CASE
        WHEN definitions.resource_type = 'snapshot'
            THEN CAST(json_extract(definitions.config, '$.snapshot_meta_column_names') AS VARCHAR)
    END AS snapshot_meta_column_names
FROM stored.set_members AS members
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = members.member_id
LEFT JOIN own ON own.definition_id = definitions.definition_id
LEFT JOIN compilations ON compilations.definition_id = definitions.definition_id
LEFT JOIN relations ON relations.unique_id = definitions.unique_id
WHERE
    members.set_id = $graph_id
    AND definitions.is_shadowed IS NULL
    AND coalesce(definitions.is_enabled, TRUE)
    AND definitions.resource_type IN ('model', 'snapshot', 'seed', 'source')
QUALIFY row_number() OVER (PARTITION BY definitions.unique_id ORDER BY own.rendering_id) = 1
