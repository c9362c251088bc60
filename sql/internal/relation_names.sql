-- The node of every relation's name that code uses without ref() or source(): in lower case, with and without the
-- database. A name that several nodes share stands for none.
-- grain: artifact_key, relation_name
CREATE OR REPLACE VIEW internal.relation_names AS
-- The names that are read and are no node's id. They are few: only these are looked up in the nodes of all manifests.
WITH outsiders AS (
    SELECT DISTINCT reads.relation_name, regexp_extract(reads.relation_name, '[^.]*$') AS alias
    FROM (
        SELECT from_unique_id AS relation_name FROM stored.column_edges
        UNION
        SELECT from_unique_id AS relation_name FROM stored.column_uses
    ) AS reads
    WHERE reads.relation_name NOT IN (SELECT unique_id FROM stored.definitions WHERE unique_id IS NOT NULL)
),

named AS (
    SELECT
        renderings.rendering_id,
        definitions.unique_id,
        outsiders.relation_name
    FROM stored.renderings AS renderings
    INNER JOIN outsiders ON outsiders.alias = lower(renderings.alias)
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = renderings.definition_id
    WHERE
        definitions.resource_type IN ('model', 'seed', 'snapshot', 'source')
        AND definitions.is_enabled
        AND definitions.is_shadowed IS NULL
        AND outsiders.relation_name IN (
            concat_ws(
                '.',
                nullif(lower(renderings.database_name), ''),
                nullif(lower(renderings.schema_name), ''),
                lower(renderings.alias)
            ),
            concat_ws('.', nullif(lower(renderings.schema_name), ''), lower(renderings.alias))
        )
)

SELECT artifacts.artifact_key, named.relation_name, min(named.unique_id) AS unique_id
FROM named
INNER JOIN stored.set_members AS members ON members.member_id = named.rendering_id
INNER JOIN stored.artifacts AS artifacts ON artifacts.rendering_set_id = members.set_id
GROUP BY artifacts.artifact_key, named.relation_name
HAVING count(DISTINCT named.unique_id) = 1;

COMMENT ON VIEW internal.relation_names IS 'One row per name of a relation that a node of a manifest makes or is, where code uses it.';
