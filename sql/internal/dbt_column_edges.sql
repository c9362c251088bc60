-- The column lineage that dbt 2.0 wrote, in the words of v1.column_edges. An edge without a target column is a use.
-- grain: artifact_key, from_unique_id, from_column, to_unique_id, to_column
CREATE OR REPLACE VIEW internal.dbt_column_edges AS
SELECT
    artifact_key,
    from_unique_id,
    from_column,
    to_unique_id,
    CASE WHEN lineage_kind IS DISTINCT FROM 'scan' THEN to_column END AS to_column,
    CASE
        WHEN lineage_kind = 'scan' OR to_column IS NULL THEN 'scan'
        WHEN lineage_kind = 'copy' AND lower(from_column) = lower(to_column) THEN 'passthrough'
        WHEN lineage_kind = 'copy' THEN 'rename'
        ELSE 'transform'
    END AS kind,
    lineage_kind AS dbt_lineage_kind
FROM stored.dbt_column_edges;

COMMENT ON VIEW internal.dbt_column_edges IS 'One row per edge of a column lineage that dbt itself wrote.';
