-- What the catalogs last said of every relation. A catalog may cover a part of the project only, or be empty.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.current_relations AS
WITH entries AS (
    SELECT
        settled.project_name,
        settled.environment,
        artifacts.artifact_key,
        artifacts.artifact_id,
        artifacts.generated_at,
        relations.catalog_relation_id,
        relations.unique_id,
        relations.catalog_type,
        relations.catalog_owner,
        relations.comment AS catalog_comment,
        relations.extra AS catalog_extra
    FROM stored.settled_artifacts AS settled
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
    INNER JOIN stored.set_members AS members ON members.set_id = artifacts.catalog_set_id
    INNER JOIN stored.catalog_relations AS relations ON relations.catalog_relation_id = members.member_id
    WHERE settled.is_current
)

SELECT
    project_name,
    environment,
    unique_id,
    artifact_key,
    catalog_relation_id,
    generated_at AS catalog_generated_at,
    catalog_type,
    catalog_owner,
    catalog_comment,
    catalog_extra
FROM entries
QUALIFY row_number() OVER (
    PARTITION BY project_name, environment, unique_id
    ORDER BY generated_at DESC NULLS LAST, artifact_id ASC, catalog_relation_id ASC
) = 1;

COMMENT ON VIEW internal.current_relations IS 'One row per relation that a catalog describes: its latest description.';
