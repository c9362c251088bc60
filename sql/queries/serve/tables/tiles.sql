-- The status tile of each exposure in the words of the API.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), exposure_states (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, freshness VARCHAR, quality VARCHAR, last_checked_at TIMESTAMP), exposure_issues (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, words VARCHAR[]), upstream_stats (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, upstream_stats JSON)
-- grain: environment_id, unique_id
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
    tiles.last_checked_at AS max_snapshotted_at,
    coalesce(stats.upstream_stats, '{}') AS upstream_stats
FROM exposure_states AS tiles
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM tiles.project_name
    AND environments.environment = tiles.environment
LEFT JOIN upstream_stats AS stats
    ON stats.project_name IS NOT DISTINCT FROM tiles.project_name
    AND stats.environment = tiles.environment
    AND stats.unique_id = tiles.unique_id
LEFT JOIN exposure_issues AS issues
    ON issues.project_name IS NOT DISTINCT FROM tiles.project_name
    AND issues.environment = tiles.environment
    AND issues.unique_id = tiles.unique_id
