-- Deletes the uri of an archive that was quarantined as a whole, once its members are read.
-- parameters: none
-- tables: batch (artifact_key BIGINT, uri VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, etag VARCHAR)
-- changes: stored.artifact_uris
DELETE FROM stored.artifact_uris AS old
USING batch AS new
WHERE contains(new.uri, '!/')
    AND old.uri = split_part(new.uri, '!/', 1)
    AND old.artifact_key IN (SELECT artifact_key FROM stored.artifacts WHERE error IS NOT NULL)
    AND old.artifact_key NOT IN (SELECT artifact_key FROM batch)
