-- The node that a name in code stands for, though dbt was not told: in lower case, with and without the database.
-- grain: artifact_key, relation_name
CREATE OR REPLACE VIEW internal.relation_names AS
WITH nodes AS (
    SELECT
        artifacts.artifact_key,
        definitions.unique_id,
        nullif(lower(renderings.database_name), '') AS database_name,
        nullif(lower(renderings.schema_name), '') AS schema_name,
        lower(renderings.alias) AS alias
    FROM stored.artifacts AS artifacts
    INNER JOIN stored.set_members AS members ON members.set_id = artifacts.rendering_set_id
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = renderings.definition_id
    WHERE
        definitions.resource_type IN ('model', 'seed', 'snapshot', 'source')
        AND definitions.is_enabled
        AND definitions.is_shadowed IS NULL
)

SELECT artifact_key, relation_name, min(unique_id) AS unique_id
FROM (
    SELECT artifact_key, unique_id, concat_ws('.', database_name, schema_name, alias) AS relation_name FROM nodes
    UNION ALL
    SELECT artifact_key, unique_id, concat_ws('.', schema_name, alias) AS relation_name FROM nodes
)
GROUP BY artifact_key, relation_name;

COMMENT ON VIEW internal.relation_names IS 'One row per name of a relation that a node of a manifest makes or is.';
