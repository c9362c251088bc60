-- The runs of each project and environment: how many, the first, the last.
-- parameters: none
-- grain: project, environment
SELECT
    project_name AS project,
    environment,
    count(*) AS invocations,
    min(generated_at) AS first_run,
    max(generated_at) AS last_run
FROM v1.invocations
GROUP BY ALL
ORDER BY ALL
