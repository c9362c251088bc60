-- Where a manifest lies, and where the manifest of a semantic manifest or of a column lineage would: beside it, or above
-- the folder that dbt 2.0 keeps its Parquet files in.
-- grain: artifact_key, uri
--
-- Without DISTINCT, so that a filter of folders comes before all else.
--
-- Not portable: `parse_dirpath`.
CREATE OR REPLACE VIEW internal.artifact_folders AS
SELECT
    artifacts.artifact_key,
    artifacts.kind,
    parse_dirpath(
        CASE
            WHEN artifacts.kind = 'manifest' THEN uris.uri
            ELSE
                regexp_replace(
                    uris.uri,
                    '(index|info_schema[/\\]v1|metadata[/\\]compile([/\\]column_lineage)?)[/\\][^/\\]+$',
                    ''
                )
        END,
        'both_slash'
    ) AS folder,
    uris.uri
FROM stored.artifact_uris AS uris
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = uris.artifact_key
WHERE artifacts.error IS NULL AND artifacts.kind IN ('manifest', 'semantic_manifest', 'column_lineage');

COMMENT ON VIEW internal.artifact_folders IS 'One row per place of each manifest, semantic manifest and column lineage.';
