-- Says anew of the artifacts that were or can become the latest of their kind whether they are.
-- parameters: none
-- tables: fresh (artifact_key BIGINT, is_latest BOOLEAN), concerned (artifact_key BIGINT, part VARCHAR)
-- changes: stored.settled_artifacts
UPDATE stored.settled_artifacts AS old
SET is_latest = fresh.is_latest
FROM fresh, concerned
WHERE old.artifact_key = fresh.artifact_key
    AND concerned.artifact_key = fresh.artifact_key
    AND concerned.part = 'latest'
    AND old.is_latest IS DISTINCT FROM fresh.is_latest
