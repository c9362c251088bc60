-- The sources, or by dbt 2 models, whose last freshness check did not pass, those that failed first.
-- parameters: none
-- grain: project_name, environment, unique_id
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY project_name, environment, unique_id
            ORDER BY coalesce(snapshotted_at, generated_at) DESC, invocation_id
        ) AS number
    FROM v1.source_freshness
)

SELECT
    checks.environment,
    checks.status,
    coalesce(nodes.name, checks.unique_id) AS name,
    checks.max_loaded_at AS last_loaded_at,
    coalesce(checks.snapshotted_at, checks.generated_at) AS checked_at,
    checks.error,
    nodes.owner,
    checks.unique_id,
    checks.invocation_id,
    checks.project_name
FROM numbered AS checks
LEFT JOIN v1.nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM checks.project_name
    AND nodes.environment = checks.environment
    AND nodes.unique_id = checks.unique_id
WHERE checks.number = 1 AND checks.status_class IN ('warn', 'failure')
ORDER BY checks.status_class, checks.max_loaded_at, checks.project_name, checks.environment, checks.unique_id
