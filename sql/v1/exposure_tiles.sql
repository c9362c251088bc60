-- The two answers of a status tile for every enabled exposure: whether its data is fresh, and whether the tests above it pass.
-- grain: project_name, environment, unique_id
-- since: 0.1
--
-- The tiles of dbt: https://docs.getdbt.com/docs/explore/data-tile
CREATE OR REPLACE VIEW v1.exposure_tiles AS
WITH upstream AS (
    SELECT
        exposed.project_name,
        exposed.environment,
        exposed.unique_id,
        exposed.upstream_unique_id,
        signals.last_checked_at,
        signals.last_tested_at
    FROM internal.exposed_nodes AS exposed
    INNER JOIN internal.node_signals AS signals
        ON signals.project_name IS NOT DISTINCT FROM exposed.project_name
        AND signals.environment = exposed.environment
        AND signals.unique_id = exposed.upstream_unique_id
),

-- Since when a source is stale: its first check that did not pass after the last one that did.
checks AS (
    SELECT
        project_name,
        environment,
        unique_id,
        coalesce(snapshotted_at, generated_at) AS checked_at,
        max(CASE WHEN lower(status) = 'pass' THEN coalesce(snapshotted_at, generated_at) END)
            OVER (PARTITION BY project_name, environment, unique_id) AS last_passed_at
    FROM v1.source_freshness
),

stale_sources AS (
    SELECT
        last.project_name,
        last.environment,
        last.unique_id,
        last.unique_id AS upstream_unique_id,
        'freshness' AS answer,
        last.status,
        min(checks.checked_at) AS since
    FROM internal.last_freshness AS last
    INNER JOIN checks
        ON checks.project_name IS NOT DISTINCT FROM last.project_name
        AND checks.environment = last.environment
        AND checks.unique_id = last.unique_id
        AND (checks.last_passed_at IS NULL OR checks.checked_at > checks.last_passed_at)
    WHERE last.is_stale
    GROUP BY last.project_name, last.environment, last.unique_id, last.status
),
-- Since when a test fails: the opening of its open incident; once that is pruned, its last failure.
failing_tests AS (
    SELECT
        last.project_name,
        last.environment,
        last.unique_id,
        tests.unique_id AS upstream_unique_id,
        'quality' AS answer,
        last.status,
        coalesce(streaks.opened_at, last.last_failed_at) AS since
    FROM internal.last_executions AS last
    INNER JOIN internal.tested_nodes AS tests
        ON tests.project_name IS NOT DISTINCT FROM last.project_name
        AND tests.environment = last.environment
        AND tests.test_unique_id = last.unique_id
    LEFT JOIN internal.failure_streaks AS streaks
        ON streaks.project_name IS NOT DISTINCT FROM last.project_name
        AND streaks.environment = last.environment
        AND streaks.unique_id = last.unique_id
        AND streaks.closed_at IS NULL
    WHERE last.is_failing
),

-- A test of two nodes that are both above an exposure is one reason.
troubles AS (
    SELECT DISTINCT
        upstream.project_name,
        upstream.environment,
        upstream.unique_id,
        found.answer,
        found.unique_id AS trouble_unique_id,
        found.status,
        found.since
    FROM upstream
    INNER JOIN (
        SELECT project_name, environment, unique_id, upstream_unique_id, answer, status, since FROM stale_sources
        UNION ALL
        SELECT project_name, environment, unique_id, upstream_unique_id, answer, status, since FROM failing_tests
    ) AS found
        ON found.project_name IS NOT DISTINCT FROM upstream.project_name
        AND found.environment = upstream.environment
        AND found.upstream_unique_id = upstream.upstream_unique_id
),

reasons AS (
    SELECT
        project_name,
        environment,
        unique_id,
        bool_or(answer = 'freshness') AS is_stale,
        bool_or(answer = 'quality') AS is_degraded,
        min(since) AS since,
        list(trouble_unique_id || ': ' || lower(status) ORDER BY answer ASC, trouble_unique_id ASC) AS reasons
    FROM troubles
    GROUP BY project_name, environment, unique_id
),

known AS (
    SELECT
        project_name,
        environment,
        unique_id,
        max(last_checked_at) AS last_checked_at,
        max(last_tested_at) AS last_tested_at
    FROM upstream
    GROUP BY project_name, environment, unique_id
)

SELECT
    exposures.project_name,
    exposures.environment,
    exposures.unique_id,
    exposures.name,
    CASE
        WHEN reasons.is_stale THEN 'stale'
        WHEN known.last_checked_at IS NOT NULL THEN 'passed'
    END AS freshness,
    CASE
        WHEN reasons.is_degraded THEN 'degraded'
        WHEN known.last_tested_at IS NOT NULL THEN 'passed'
    END AS quality,
    reasons.since,
    coalesce(reasons.reasons, []) AS reasons,
    known.last_checked_at,
    known.last_tested_at
FROM v1.exposures AS exposures
LEFT JOIN known
    ON known.project_name IS NOT DISTINCT FROM exposures.project_name
    AND known.environment = exposures.environment
    AND known.unique_id = exposures.unique_id
LEFT JOIN reasons
    ON reasons.project_name IS NOT DISTINCT FROM exposures.project_name
    AND reasons.environment = exposures.environment
    AND reasons.unique_id = exposures.unique_id
WHERE exposures.is_enabled;

COMMENT ON VIEW v1.exposure_tiles IS 'One row per enabled exposure of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.exposure_tiles.freshness IS 'passed where the last check of every checked source above it passed, else stale; NULL where none was checked.';
COMMENT ON COLUMN v1.exposure_tiles.quality IS 'passed where the last execution of every executed test above it did not fail, else degraded; NULL where none was executed.';
COMMENT ON COLUMN v1.exposure_tiles.since IS 'When the oldest of the reasons began, UTC; NULL without a reason.';
COMMENT ON COLUMN v1.exposure_tiles.reasons IS 'The stale sources and the failing tests, each with its status.';
COMMENT ON COLUMN v1.exposure_tiles.last_checked_at IS 'When a source above it was last checked, UTC.';
COMMENT ON COLUMN v1.exposure_tiles.last_tested_at IS 'When a test above it was last executed, UTC.';
