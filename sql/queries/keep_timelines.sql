-- Sets the timeline_id of manifests to the hash of the inputs that they have now.
-- parameters: none
-- tables: kept (artifact_key BIGINT, timeline_id VARCHAR)
-- changes: stored.manifest_column_lineages
UPDATE stored.manifest_column_lineages AS lineages
SET timeline_id = kept.timeline_id
FROM kept
WHERE kept.artifact_key = lineages.artifact_key AND kept.timeline_id <> lineages.timeline_id
