-- The uris of a batch that are new or labelled otherwise. A label that is not given now stays as it was.
-- parameters: none
-- tables: batch (artifact_key BIGINT, uri VARCHAR, project_name VARCHAR, environment VARCHAR, job_name VARCHAR, etag VARCHAR)
-- changes: merged
CREATE OR REPLACE TEMP TABLE merged AS
SELECT DISTINCT
    batch.artifact_key,
    batch.uri,
    coalesce(batch.project_name, old.project_name) AS project_name,
    coalesce(batch.environment, old.environment) AS environment,
    coalesce(batch.job_name, old.job_name) AS job_name,
    coalesce(batch.etag, old.etag) AS etag
FROM batch
LEFT JOIN stored.artifact_uris AS old ON old.artifact_key = batch.artifact_key AND old.uri = batch.uri
EXCEPT
SELECT artifact_key, uri, project_name, environment, job_name, etag
FROM stored.artifact_uris
WHERE artifact_key IN (SELECT artifact_key FROM batch)
