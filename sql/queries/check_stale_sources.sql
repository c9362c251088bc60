-- The sources whose last freshness check was late, or an error where `$freshness` is error. A source that left the
-- project does not count; without a manifest, all do.
-- parameters: $freshness, $project, $environment
-- grain: project_name, environment, unique_id
SELECT checks.project_name, checks.environment, checks.unique_id
FROM internal.last_freshness AS checks
LEFT JOIN internal.current_manifests AS manifests
    ON manifests.project_name IS NOT DISTINCT FROM checks.project_name
    AND manifests.environment = checks.environment
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM checks.project_name
    AND nodes.environment = checks.environment
    AND nodes.unique_id = checks.unique_id
WHERE CASE WHEN $freshness = 'error' THEN checks.is_error ELSE checks.is_stale END
    AND (manifests.artifact_key IS NULL OR nodes.is_enabled)
    AND ($project IS NULL OR checks.project_name = $project)
    AND ($environment IS NULL OR checks.environment = $environment)
ORDER BY checks.project_name, checks.environment, checks.unique_id
