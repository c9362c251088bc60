-- The health of every enabled model, source and exposure, by the signals that dbt documents.
-- grain: project_name, environment, unique_id
-- since: 0.1
--
-- The signals: https://docs.getdbt.com/docs/explore/data-health-signals
CREATE OR REPLACE VIEW v1.health AS
WITH known_issues (resource_type, issue, health) AS (
    VALUES
    ('model', 'last_run_failed', 'degraded'),
    ('model', 'tests_failed', 'degraded'),
    ('model', 'upstream_sources_failed', 'degraded'),
    ('model', 'upstream_sources_unchecked_for_30_days', 'degraded'),
    ('model', 'not_built_for_30_days', 'caution'),
    ('model', 'tests_warned', 'caution'),
    ('model', 'upstream_sources_warned', 'caution'),
    ('model', 'no_tests', 'caution'),
    ('model', 'no_description', 'caution'),
    ('source', 'freshness_failed', 'degraded'),
    ('source', 'freshness_warned', 'caution'),
    ('source', 'freshness_not_configured', 'caution'),
    ('source', 'freshness_unchecked_for_30_days', 'caution'),
    ('source', 'no_description', 'caution'),
    ('exposure', 'upstream_sources_failed', 'degraded'),
    ('exposure', 'upstream_models_failed', 'degraded'),
    ('exposure', 'upstream_tests_failed', 'degraded'),
    ('exposure', 'upstream_sources_warned', 'caution'),
    ('exposure', 'upstream_models_skipped', 'caution'),
    ('exposure', 'upstream_tests_warned', 'caution')
),

upstream AS (
    SELECT
        project_name,
        environment,
        unique_id,
        bool_or(signal = 'failed_source') AS has_failed_source,
        bool_or(signal = 'warned_source') AS has_warned_source,
        bool_or(signal = 'unchecked_source') AS has_unchecked_source,
        bool_or(signal = 'failed_build') AS has_failed_build,
        bool_or(signal = 'skipped_build') AS has_skipped_build,
        bool_or(signal = 'failed_test') AS has_failed_test,
        bool_or(signal = 'warned_test') AS has_warned_test,
        bool_or(signal = 'is_known') AS is_known
    FROM internal.reached_signals
    GROUP BY project_name, environment, unique_id
),

configured_sources AS (
    SELECT project_name, environment, unique_id
    FROM v1.sources
    WHERE is_freshness_checked OR warn_after_seconds IS NOT NULL OR error_after_seconds IS NOT NULL
),

nodes AS (
    SELECT
        signals.project_name,
        signals.environment,
        signals.unique_id,
        signals.resource_type,
        signals.as_of,
        signals.is_described,
        signals.is_failing,
        signals.test_count,
        signals.failing_test_count,
        signals.warned_test_count,
        signals.is_freshness_error,
        signals.is_freshness_warned,
        signals.last_executed_at < signals.as_of - INTERVAL 30 DAY AS is_built_long_ago,
        coalesce(signals.last_checked_at < signals.as_of - INTERVAL 30 DAY, TRUE) AS is_checked_long_ago,
        sources.unique_id IS NOT NULL AS is_freshness_configured,
        upstream.has_failed_source,
        upstream.has_warned_source,
        upstream.has_unchecked_source,
        upstream.has_failed_build,
        upstream.has_skipped_build,
        upstream.has_failed_test,
        upstream.has_warned_test,
        CASE signals.resource_type
            -- dbt builds no ephemeral model.
            WHEN 'model' THEN signals.last_executed_at IS NOT NULL OR coalesce(signals.materialized = 'ephemeral', FALSE)
            WHEN 'exposure' THEN coalesce(upstream.is_known, FALSE)
            ELSE TRUE
        END AS is_known
    FROM internal.node_signals AS signals
    LEFT JOIN upstream
        ON upstream.project_name IS NOT DISTINCT FROM signals.project_name
        AND upstream.environment = signals.environment
        AND upstream.unique_id = signals.unique_id
    LEFT JOIN configured_sources AS sources
        ON sources.project_name IS NOT DISTINCT FROM signals.project_name
        AND sources.environment = signals.environment
        AND sources.unique_id = signals.unique_id
    WHERE signals.resource_type IN ('model', 'source', 'exposure')
),

found AS (
    SELECT nodes.project_name, nodes.environment, nodes.unique_id, known_issues.issue, known_issues.health
    FROM nodes
    INNER JOIN known_issues ON known_issues.resource_type = nodes.resource_type
    WHERE CASE known_issues.issue
        WHEN 'last_run_failed' THEN nodes.is_failing
        WHEN 'tests_failed' THEN nodes.failing_test_count > 0
        WHEN 'tests_warned' THEN nodes.warned_test_count > 0
        WHEN 'no_tests' THEN nodes.test_count = 0
        WHEN 'no_description' THEN NOT nodes.is_described
        WHEN 'not_built_for_30_days' THEN nodes.is_built_long_ago
        WHEN 'freshness_failed' THEN nodes.is_freshness_error
        WHEN 'freshness_warned' THEN nodes.is_freshness_warned
        WHEN 'freshness_not_configured' THEN NOT nodes.is_freshness_configured
        WHEN 'freshness_unchecked_for_30_days' THEN nodes.is_freshness_configured AND nodes.is_checked_long_ago
        WHEN 'upstream_sources_failed' THEN nodes.has_failed_source
        WHEN 'upstream_sources_warned' THEN nodes.has_warned_source
        WHEN 'upstream_sources_unchecked_for_30_days' THEN nodes.has_unchecked_source
        WHEN 'upstream_models_failed' THEN nodes.has_failed_build
        WHEN 'upstream_models_skipped' THEN nodes.has_skipped_build
        WHEN 'upstream_tests_failed' THEN nodes.has_failed_test
        WHEN 'upstream_tests_warned' THEN nodes.has_warned_test
    END
),

issues AS (
    SELECT
        project_name,
        environment,
        unique_id,
        bool_or(health = 'degraded') AS is_degraded,
        list(issue ORDER BY health = 'caution' ASC, issue ASC) AS issues
    FROM found
    GROUP BY project_name, environment, unique_id
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    CASE
        WHEN NOT nodes.is_known THEN 'unknown'
        WHEN issues.is_degraded THEN 'degraded'
        WHEN issues.issues IS NOT NULL THEN 'caution'
        ELSE 'healthy'
    END AS health,
    CASE WHEN nodes.is_known THEN coalesce(issues.issues, []) ELSE list_prepend('never_run', coalesce(issues.issues, [])) END
        AS issues,
    nodes.as_of
FROM nodes
LEFT JOIN issues
    ON issues.project_name IS NOT DISTINCT FROM nodes.project_name
    AND issues.environment = nodes.environment
    AND issues.unique_id = nodes.unique_id;

COMMENT ON VIEW v1.health IS 'One row per enabled model, source and exposure of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.health.resource_type IS 'model, source or exposure.';
COMMENT ON COLUMN v1.health.health IS 'healthy, caution, degraded, or unknown where no run of it, or of anything above an exposure, is loaded.';
COMMENT ON COLUMN v1.health.issues IS 'The problems, the worst first; empty where healthy. A test of several nodes counts for each of them.';
COMMENT ON COLUMN v1.health.as_of IS 'When the newest artifact of the environment was written, UTC; 30 days are counted back from it.';
