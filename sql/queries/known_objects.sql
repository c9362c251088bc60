-- Which of some objects are loaded as they are now: the same uri with the same ETag. An object with several artifacts,
-- an archive, is not known.
-- parameters: none
-- tables: batch (uri VARCHAR, etag VARCHAR)
-- grain: uri
SELECT batch.uri, min(artifacts.artifact_id) AS artifact_id
FROM batch
INNER JOIN stored.artifact_uris AS uris ON uris.uri = batch.uri AND uris.etag = batch.etag
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = uris.artifact_key
WHERE artifacts.error IS NULL
GROUP BY batch.uri
HAVING count(*) = 1
