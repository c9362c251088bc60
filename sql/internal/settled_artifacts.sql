-- What is known of each artifact from all artifacts together, by rules 7, 8 and 9 (docs/rules.md); stored at every load.
-- grain: artifact_key
--
-- Not portable: it reads a macro. Views read stored.settled_artifacts.
CREATE OR REPLACE VIEW internal.settled_artifacts AS
SELECT
    artifact_key,
    project_name,
    environment,
    job_name,
    is_current,
    is_latest,
    manifest_key,
    invocation_id,
    command
FROM internal.settled_among(CAST(NULL AS BIGINT[]));

COMMENT ON VIEW internal.settled_artifacts IS
    'One row per artifact that is not quarantined: its labels, whether it is current, and its manifest.';
