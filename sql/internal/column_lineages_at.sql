-- The column lineage of every node as it stood at a time; 'infinity' means the lineage of the current nodes.
-- grain: project_name, environment, unique_id
--
-- Not portable, like all macros: views read internal.current_column_lineages instead.
CREATE OR REPLACE MACRO internal.column_lineages_at(ts) AS TABLE
SELECT project_name, environment, artifact_key, unique_id, lineage_id
FROM internal.current_column_lineages
WHERE ts = TIMESTAMP 'infinity'

UNION ALL

SELECT periods.project_name, periods.environment, periods.artifact_key, lineages.unique_id, lineages.lineage_id
FROM internal.column_lineage_periods AS periods
INNER JOIN stored.set_members AS members ON members.set_id = periods.set_id
INNER JOIN stored.column_lineages AS lineages ON lineages.lineage_id = members.member_id
WHERE
    ts < TIMESTAMP 'infinity'
    AND periods.valid_from <= ts
    AND (periods.valid_to IS NULL OR ts < periods.valid_to);

COMMENT ON MACRO TABLE internal.column_lineages_at IS 'One row per node with column lineage at that time, with ids only.';
