-- The status tile of each exposure in the words of the API.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id
WITH upstream AS (
    SELECT exposed.project_name, exposed.environment, exposed.unique_id, max(signals.last_checked_at) AS max_snapshotted_at
    FROM internal.exposed_nodes AS exposed
    INNER JOIN internal.node_signals AS signals
        ON signals.project_name IS NOT DISTINCT FROM exposed.project_name
        AND signals.environment = exposed.environment
        AND signals.unique_id = exposed.upstream_unique_id
    GROUP BY exposed.project_name, exposed.environment, exposed.unique_id
),

counts AS (
    SELECT project_name, environment, unique_id, upstream_resource_type, count(*) AS node_count
    FROM internal.exposed_nodes
    GROUP BY project_name, environment, unique_id, upstream_resource_type
),

stats AS (
    SELECT
        project_name,
        environment,
        unique_id,
        json_group_object(upstream_resource_type, node_count) AS upstream_stats
    FROM counts
    GROUP BY project_name, environment, unique_id
),

words (issue, word) AS (
    VALUES
    ('upstream_sources_failed', 'DegradedUpstreamSources'),
    ('upstream_sources_warned', 'CautionUpstreamSources'),
    ('upstream_models_failed', 'LastRunFailedUpstreamModels'),
    ('upstream_tests_failed', 'FailedTestUpstreamModels'),
    ('upstream_tests_warned', 'WarnedTestUpstreamModels'),
    ('never_run', 'Unknown')
),

issues AS (
    SELECT health.project_name, health.environment, health.unique_id, list(words.word ORDER BY words.word) AS words
    FROM (
        SELECT project_name, environment, unique_id, unnest(issues) AS issue
        FROM v1.health
        WHERE resource_type = 'exposure'
    ) AS health
    INNER JOIN words ON words.issue = health.issue
    GROUP BY health.project_name, health.environment, health.unique_id
)

SELECT
    environments.environment_id,
    tiles.unique_id,
    CASE tiles.freshness
        WHEN 'passed' THEN 'Pass'
        WHEN 'stale' THEN CASE WHEN list_contains(issues.words, 'DegradedUpstreamSources') THEN 'Error' ELSE 'Warn' END
        ELSE 'Unknown'
    END AS freshness_status,
    CASE
        WHEN tiles.quality = 'degraded' THEN 'Error'
        WHEN list_contains(issues.words, 'WarnedTestUpstreamModels') THEN 'Warn'
        WHEN tiles.quality = 'passed' THEN 'Pass'
        ELSE 'Unknown'
    END AS quality,
    coalesce(issues.words, []) AS health_issues,
    upstream.max_snapshotted_at,
    coalesce(stats.upstream_stats, '{}') AS upstream_stats
FROM v1.exposure_tiles AS tiles
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM tiles.project_name
    AND environments.environment = tiles.environment
LEFT JOIN upstream
    ON upstream.project_name IS NOT DISTINCT FROM tiles.project_name
    AND upstream.environment = tiles.environment
    AND upstream.unique_id = tiles.unique_id
LEFT JOIN stats
    ON stats.project_name IS NOT DISTINCT FROM tiles.project_name
    AND stats.environment = tiles.environment
    AND stats.unique_id = tiles.unique_id
LEFT JOIN issues
    ON issues.project_name IS NOT DISTINCT FROM tiles.project_name
    AND issues.environment = tiles.environment
    AND issues.unique_id = tiles.unique_id
