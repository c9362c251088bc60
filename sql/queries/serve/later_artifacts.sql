-- The artifacts that were generated after a time. One without a time of its own is as old as its invocation, else as its
-- project and environment.
-- parameters: $until
-- grain: artifact_key
WITH times AS (
    SELECT
        artifacts.artifact_key,
        coalesce(
            artifacts.generated_at,
            CASE
                WHEN settled.invocation_id IS NOT NULL
                    THEN min(artifacts.generated_at) OVER (PARTITION BY settled.invocation_id)
            END,
            min(artifacts.generated_at) OVER (PARTITION BY settled.project_name, settled.environment)
        ) AS generated_at
    FROM stored.artifacts AS artifacts
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
)

SELECT artifact_key
FROM times
WHERE generated_at > $until
