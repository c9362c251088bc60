-- Which column flows into which: the direct column lineage of the current nodes, as `columns` last resolved it.
-- grain: project_name, environment, from_unique_id, from_column, to_unique_id, to_column
-- since: 0.1
CREATE OR REPLACE VIEW v1.column_edges AS
WITH edges AS (
    SELECT
        lineages.project_name,
        lineages.environment,
        coalesce(names.unique_id, edges.from_unique_id) AS from_unique_id,
        edges.from_column,
        lineages.unique_id AS to_unique_id,
        edges.to_column,
        edges.kind,
        edges.confidence,
        edges.method,
        CAST(NULL AS VARCHAR) AS dbt_lineage_kind
    FROM internal.current_column_lineages AS lineages
    INNER JOIN stored.column_edges AS edges ON edges.lineage_id = lineages.lineage_id
    LEFT JOIN internal.relation_names AS names
        ON names.artifact_key = lineages.artifact_key
        AND names.relation_name = edges.from_unique_id
    WHERE
        -- The lineage that dbt wrote of a node is better than a guess by name.
        edges.method <> 'name'
        OR lineages.unique_id NOT IN (SELECT to_unique_id FROM stored.dbt_column_edges WHERE to_unique_id IS NOT NULL)

    UNION ALL

    SELECT
        project_name,
        environment,
        from_unique_id,
        from_column,
        to_unique_id,
        to_column,
        kind,
        1.0 AS confidence,
        'dbt' AS method,
        dbt_lineage_kind
    FROM internal.current_dbt_column_edges
    WHERE to_column IS NOT NULL
)

SELECT
    project_name,
    environment,
    from_unique_id,
    from_column,
    to_unique_id,
    to_column,
    kind,
    confidence,
    method,
    max(dbt_lineage_kind) OVER same_columns AS dbt_lineage_kind
FROM edges
WINDOW same_columns AS (
    PARTITION BY
        project_name, environment, from_unique_id, lower(from_column), to_unique_id, lower(to_column)
)
QUALIFY row_number() OVER (
    same_columns
    ORDER BY
        CASE method WHEN 'sql' THEN 1 WHEN 'dbt' THEN 2 ELSE 3 END ASC,
        confidence DESC,
        kind ASC,
        from_column ASC,
        to_column ASC
) = 1;

COMMENT ON VIEW v1.column_edges IS 'One row per pair of columns where one flows directly into the other.';
COMMENT ON COLUMN v1.column_edges.from_column IS 'The column that is read.';
COMMENT ON COLUMN v1.column_edges.to_unique_id IS 'The model or snapshot that reads it; an incremental model may read itself.';
COMMENT ON COLUMN v1.column_edges.to_column IS 'The column that it flows into.';
COMMENT ON COLUMN v1.column_edges.kind IS 'passthrough, rename, cast, field (part of a struct or JSON value), transform, aggregation, window, or condition (it only decides which value is taken).';
COMMENT ON COLUMN v1.column_edges.confidence IS 'How certain the edge is: 1.0 where its column is a known one, less where the columns of a relation are unknown, 0.3 where only the names match.';
COMMENT ON COLUMN v1.column_edges.method IS 'How the edge was found: sql (in the code), dbt (only in the lineage that dbt 2.0 wrote), name (by equal names, where the code cannot be read).';
COMMENT ON COLUMN v1.column_edges.dbt_lineage_kind IS 'copy or mod, where dbt 2.0 wrote this edge too.';
