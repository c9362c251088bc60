-- The uris that begin with a text, with an artifact at each.
-- parameters: $root
-- grain: uri
SELECT uris.uri, min(artifacts.artifact_id) AS artifact_id, min(artifacts.invocation_id) AS invocation_id
FROM stored.artifact_uris AS uris
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = uris.artifact_key
WHERE starts_with(uris.uri, $root)
GROUP BY uris.uri
