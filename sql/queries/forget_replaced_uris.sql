-- Deletes the uri of a quarantined artifact where the batch has another artifact at this uri. Two quarantined artifacts
-- of one batch both keep it.
-- parameters: none
-- tables: batch (artifact_key BIGINT, uri VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, etag VARCHAR)
-- changes: stored.artifact_uris
DELETE FROM stored.artifact_uris AS old
USING batch AS new
WHERE old.uri = new.uri
    AND old.artifact_key <> new.artifact_key
    AND old.artifact_key IN (SELECT artifact_key FROM stored.artifacts WHERE error IS NOT NULL)
    AND (
        new.artifact_key NOT IN (SELECT artifact_key FROM stored.artifacts WHERE error IS NOT NULL)
        OR old.artifact_key NOT IN (SELECT artifact_key FROM batch)
    )
