-- Every artifact that was ever loaded, superseded or quarantined: the ledger.
-- grain: artifact_id
-- since: 0.1
--
-- Not portable: `json_merge_patch`.
CREATE OR REPLACE VIEW v1.artifacts AS
WITH uris AS (
    SELECT artifact_key, min(uri) AS uri
    FROM stored.artifact_uris
    GROUP BY artifact_key
)

SELECT
    artifacts.artifact_id,
    artifacts.kind,
    artifacts.schema_version,
    artifacts.dbt_version,
    coalesce(artifacts.adapter_type, manifests.adapter_type) AS adapter_type,
    settled.project_name,
    settled.environment,
    settled.job_name,
    coalesce(settled.invocation_id, artifacts.invocation_id) AS invocation_id,
    artifacts.generated_at,
    uris.uri,
    artifacts.size_bytes,
    CASE
        WHEN artifacts.error IS NOT NULL AND artifacts.kind NOT IN (
            'manifest', 'run_results', 'catalog', 'sources', 'freshness', 'semantic_manifest', 'column_lineage', 'run',
            'telemetry', 'information_schema', 'information_schema_freshness'
        )
            THEN 'unknown_kind'
        WHEN artifacts.error IS NOT NULL THEN 'quarantined'
        WHEN artifacts.pruned_at IS NOT NULL THEN 'pruned'
        WHEN settled.is_current THEN 'loaded'
        ELSE 'superseded'
    END AS status,
    artifacts.error,
    artifacts.unknown_fields,
    artifacts.loaded_at,
    coalesce(artifacts.redaction_count, 0) AS redaction_count,
    artifacts.pruned_at,
    artifacts.metadata,
    CASE
        WHEN semantics.artifact_key IS NULL THEN artifacts.extra
        ELSE json_merge_patch(
            json_object(
                'semantic_models', semantics.semantic_models,
                'metrics', semantics.metrics,
                'saved_queries', semantics.saved_queries,
                'project_configuration', semantics.project_configuration
            ),
            coalesce(artifacts.extra, '{}')
        )
    END AS extra
FROM stored.artifacts AS artifacts
LEFT JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = settled.manifest_key
LEFT JOIN stored.semantic_manifests AS semantics ON semantics.artifact_key = artifacts.artifact_key
LEFT JOIN uris ON uris.artifact_key = artifacts.artifact_key;

COMMENT ON VIEW v1.artifacts IS 'One row per distinct artifact.';
COMMENT ON COLUMN v1.artifacts.artifact_id IS 'The sha256 of the content, in hex.';
COMMENT ON COLUMN v1.artifacts.kind IS 'manifest, run_results, catalog, sources, freshness, semantic_manifest, column_lineage, run (what a scheduler knows of an invocation), telemetry, information_schema, information_schema_freshness, or an unknown kind.';
COMMENT ON COLUMN v1.artifacts.schema_version IS 'The schema version that the file names; 0 for dbt up to 0.18, which names none.';
COMMENT ON COLUMN v1.artifacts.dbt_version IS 'The version of dbt that wrote it.';
COMMENT ON COLUMN v1.artifacts.invocation_id IS 'The invocation: see v1.invocations. A manifest or catalog has that of the run that it follows (rule 9, docs/rules.md).';
COMMENT ON COLUMN v1.artifacts.generated_at IS 'When dbt wrote it, as the file says, UTC.';
COMMENT ON COLUMN v1.artifacts.uri IS 'The path or URL of the artifact; of several, the first in alphabetical order.';
COMMENT ON COLUMN v1.artifacts.size_bytes IS 'The size of the decompressed content.';
COMMENT ON COLUMN v1.artifacts.status IS 'loaded, superseded (another artifact of the same invocation is current), quarantined, unknown_kind or pruned.';
COMMENT ON COLUMN v1.artifacts.error IS 'Why the artifact was quarantined, or that its kind is unknown.';
COMMENT ON COLUMN v1.artifacts.unknown_fields IS 'Fields that no known schema has, with their counts. Their values are kept.';
COMMENT ON COLUMN v1.artifacts.loaded_at IS 'When this warehouse first loaded it, UTC.';
COMMENT ON COLUMN v1.artifacts.redaction_count IS 'How many values in it were hidden as secrets before they were stored.';
COMMENT ON COLUMN v1.artifacts.pruned_at IS 'When prune removed its rows, UTC. It is not loaded again.';
COMMENT ON COLUMN v1.artifacts.metadata IS 'The metadata block, complete.';
COMMENT ON COLUMN v1.artifacts.extra IS 'Every section that no other view shows, by its name: selectors, unknown ones, those of a semantic_manifest.';
