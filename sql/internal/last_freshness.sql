-- The last freshness check of every source.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.last_freshness AS
SELECT
    project_name,
    environment,
    unique_id,
    invocation_id,
    status,
    max_loaded_at,
    snapshotted_at,
    coalesce(snapshotted_at, generated_at) AS checked_at,
    max_loaded_at_age_seconds,
    status_class <> 'success' AS is_stale,
    status_class = 'failure' AS is_error
FROM internal.freshness_checks
QUALIFY row_number() OVER (
    PARTITION BY project_name, environment, unique_id
    ORDER BY checked_at DESC, generated_at DESC, invocation_id DESC
) = 1;

COMMENT ON VIEW internal.last_freshness IS 'One row per source that was ever checked. A failed check makes the source stale, too.';
