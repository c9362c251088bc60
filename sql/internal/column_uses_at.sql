-- Which columns shaped the rows of which node at a time; 'infinity' means now.
-- grain: artifact_key, from_unique_id, from_column, to_unique_id, kind
CREATE OR REPLACE MACRO internal.column_uses_at(ts) AS TABLE
SELECT
    lineages.artifact_key,
    lineages.project_name,
    lineages.environment,
    lineages.project_name AS from_project_name,
    lineages.environment AS from_environment,
    coalesce(names.unique_id, uses.from_unique_id) AS from_unique_id,
    uses.from_column,
    lineages.unique_id AS to_unique_id,
    uses.kind
FROM internal.column_lineages_at(ts) AS lineages
INNER JOIN stored.column_uses AS uses ON uses.lineage_id = lineages.lineage_id
LEFT JOIN internal.relation_names AS names
    ON names.artifact_key = lineages.artifact_key
    AND names.relation_name = uses.from_unique_id;

COMMENT ON MACRO TABLE internal.column_uses_at IS 'One row per column, node that uses it, kind of use, and manifest with this use.';
