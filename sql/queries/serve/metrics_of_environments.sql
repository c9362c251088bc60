-- What is wrong in each environment at present, and when it was last heard of; the newest environments first.
-- parameters: $count
-- grain: project_name, environment
WITH nodes AS (
    SELECT
        project_name,
        environment,
        count(*) FILTER (WHERE is_failing AND resource_type NOT IN ('test', 'unit_test')) AS failing_nodes,
        count(*) FILTER (WHERE is_failing AND resource_type IN ('test', 'unit_test')) AS failing_tests
    FROM v1.nodes
    WHERE is_enabled
    GROUP BY project_name, environment
),

sources AS (
    SELECT
        project_name,
        environment,
        count(*) FILTER (WHERE lower(freshness_status) <> 'pass') AS stale_sources
    FROM v1.sources
    WHERE is_enabled
    GROUP BY project_name, environment
),

artifacts AS (
    SELECT project_name, environment, max(generated_at) AS generated_at
    FROM v1.artifacts
    WHERE status = 'loaded' AND environment IS NOT NULL
    GROUP BY project_name, environment
)

SELECT
    coalesce(artifacts.project_name, '') AS project,
    artifacts.environment,
    coalesce(nodes.failing_nodes, 0) AS failing_nodes,
    coalesce(nodes.failing_tests, 0) AS failing_tests,
    coalesce(sources.stale_sources, 0) AS stale_sources,
    epoch(artifacts.generated_at) AS last_artifact_at
FROM artifacts
LEFT JOIN nodes
    ON nodes.project_name IS NOT DISTINCT FROM artifacts.project_name
    AND nodes.environment = artifacts.environment
LEFT JOIN sources
    ON sources.project_name IS NOT DISTINCT FROM artifacts.project_name
    AND sources.environment = artifacts.environment
ORDER BY artifacts.generated_at DESC, project, artifacts.environment
LIMIT $count
