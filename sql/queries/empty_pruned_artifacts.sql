-- Keeps the row of each pruned artifact, and empties its columns about the content.
-- parameters: $now
-- tables: prunable (artifact_key BIGINT)
-- changes: stored.artifacts
UPDATE stored.artifacts
SET
    pruned_at = $now,
    graph_id = NULL,
    rendering_set_id = NULL,
    catalog_set_id = NULL,
    unknown_fields = NULL,
    metadata = NULL,
    extra = NULL
WHERE artifact_key IN (SELECT artifact_key FROM prunable)
