-- From when to when the column lineage of each manifest counted: at any time, that of the last resolved manifest.
-- grain: project_name, environment, valid_from
CREATE OR REPLACE VIEW internal.column_lineage_periods AS
SELECT
    periods.project_name,
    periods.environment,
    periods.artifact_key,
    sets.set_id,
    periods.valid_from,
    lead(periods.valid_from) OVER (
        PARTITION BY periods.project_name, periods.environment ORDER BY periods.valid_from ASC
    ) AS valid_to
FROM internal.manifest_periods AS periods
INNER JOIN stored.manifest_column_lineages AS lineages ON lineages.artifact_key = periods.artifact_key
INNER JOIN stored.column_lineage_sets AS sets ON sets.inputs_id = lineages.inputs_id;

COMMENT ON VIEW internal.column_lineage_periods IS
    'One row per manifest whose lineage is resolved: from its own time to that of the next such one.';
