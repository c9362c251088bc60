-- Which columns a node joins, filters, groups or sorts by: they shape its rows without flowing into its columns.
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, kind
-- since: 0.1
CREATE OR REPLACE VIEW v1.column_uses AS
WITH uses AS (
    SELECT
        lineages.project_name,
        lineages.environment,
        coalesce(names.unique_id, uses.from_unique_id) AS from_unique_id,
        uses.from_column,
        lineages.unique_id AS to_unique_id,
        uses.kind,
        uses.confidence
    FROM internal.current_column_lineages AS lineages
    INNER JOIN stored.column_uses AS uses ON uses.lineage_id = lineages.lineage_id
    LEFT JOIN internal.relation_names AS names
        ON names.artifact_key = lineages.artifact_key
        AND names.relation_name = uses.from_unique_id

    UNION ALL

    SELECT project_name, environment, from_unique_id, from_column, to_unique_id, kind, 1.0 AS confidence
    FROM internal.current_dbt_column_edges
    WHERE kind = 'scan'
)

SELECT project_name, environment, from_unique_id, from_column, to_unique_id, kind, confidence
FROM uses
-- dbt reports a use without its kind (scan). A scan is left out where another row has the kind.
QUALIFY
    row_number() OVER (
        PARTITION BY project_name, environment, from_unique_id, lower(from_column), to_unique_id, kind
        ORDER BY confidence DESC, from_column ASC
    ) = 1
    AND (
        kind <> 'scan'
        OR NOT bool_or(kind <> 'scan') OVER (
            PARTITION BY project_name, environment, from_unique_id, lower(from_column), to_unique_id
        )
    );

COMMENT ON VIEW v1.column_uses IS 'One row per column, node and kind of use.';
COMMENT ON COLUMN v1.column_uses.from_column IS 'The column that is used.';
COMMENT ON COLUMN v1.column_uses.to_unique_id IS 'The model or snapshot that uses it.';
COMMENT ON COLUMN v1.column_uses.kind IS 'join, filter, group or sort; scan where only the lineage that dbt 2.0 wrote reports the use, without its kind.';
COMMENT ON COLUMN v1.column_uses.confidence IS 'How certain the use is: 1.0 where its column is a known one, less where the columns of a relation are unknown.';
