-- Every statistic of every catalog, and which are counts of rows or bytes. A negative count stands for an unknown one.
-- grain: artifact_key, unique_id, stat_id
CREATE OR REPLACE VIEW internal.known_stats AS
WITH named AS (
    SELECT
        artifact_key,
        unique_id,
        stat_id,
        label,
        description,
        value,
        value_double,
        is_included,
        extra,
        stat_id IN ('row_count', 'num_rows', 'rows') AS is_row_count,
        stat_id IN ('bytes', 'num_bytes', 'size') AS is_size
    FROM stored.relation_stats
)

SELECT
    artifact_key,
    unique_id,
    stat_id,
    label,
    description,
    value,
    CASE WHEN value_double >= 0 OR NOT (is_row_count OR is_size) THEN value_double END AS value_double,
    is_included,
    extra,
    is_row_count,
    is_size
FROM named;

COMMENT ON VIEW internal.known_stats IS
    'One row per statistic of a catalog. The one place that knows what adapters call rows and bytes.';
