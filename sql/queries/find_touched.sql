-- The artifacts that are new, and those with new places or labels.
-- parameters: none
-- tables: merged (artifact_key BIGINT)
-- changes: touched
CREATE OR REPLACE TEMP TABLE touched AS
SELECT artifact_key
FROM stored.artifacts
WHERE error IS NULL
    AND (
        artifact_key NOT IN (SELECT artifact_key FROM stored.settled_artifacts)
        OR artifact_key IN (SELECT artifact_key FROM merged)
    )
