-- The latest moment that each environment knows of. Views compare ages with it, as no view reads the machine's clock.
-- grain: project_name, environment
CREATE OR REPLACE VIEW internal.environment_clocks AS
SELECT
    settled.project_name,
    settled.environment,
    max(artifacts.generated_at) AS as_of
FROM stored.settled_artifacts AS settled
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
WHERE settled.is_current
GROUP BY settled.project_name, settled.environment;

COMMENT ON VIEW internal.environment_clocks IS 'One row per project and environment with a current artifact.';
