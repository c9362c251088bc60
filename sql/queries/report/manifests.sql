-- The invocation and the commit that each manifest was written by.
-- parameters: $project, $environment
-- grain: artifact_id
WITH commits AS (
    SELECT invocation_id, any_value(git_sha) AS git_sha, any_value(git_branch) AS git_branch
    FROM v1.invocations
    GROUP BY invocation_id
)

SELECT
    manifests.project_name,
    manifests.environment,
    epoch_ms(manifests.generated_at) AS generated_at,
    manifests.invocation_id,
    commits.git_sha,
    commits.git_branch
FROM v1.artifacts AS manifests
LEFT JOIN commits ON commits.invocation_id = manifests.invocation_id
WHERE manifests.kind = 'manifest'
    AND manifests.status = 'loaded'
    AND ($project IS NULL OR manifests.project_name = $project)
    AND ($environment IS NULL OR manifests.environment = $environment)
ORDER BY manifests.generated_at, manifests.artifact_id
