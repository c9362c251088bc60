-- The nodes whose last execution failed. A node that left the project does not count; without a manifest, all do.
-- parameters: $project, $environment, $job
-- grain: project_name, environment, unique_id
SELECT last.project_name, last.environment, last.unique_id
FROM internal.last_executions AS last
LEFT JOIN internal.current_manifests AS manifests
    ON manifests.project_name IS NOT DISTINCT FROM last.project_name
    AND manifests.environment = last.environment
LEFT JOIN internal.current_nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM last.project_name
    AND nodes.environment = last.environment
    AND nodes.unique_id = last.unique_id
WHERE last.is_failing
    AND (manifests.artifact_key IS NULL OR nodes.is_enabled)
    AND ($project IS NULL OR last.project_name = $project)
    AND ($environment IS NULL OR last.environment = $environment)
    -- The job of the artifacts, not of the runs: a pruned run has artifacts still.
    AND (
        $job IS NULL
        OR last.invocation_id IN (
            SELECT invocation_id FROM v1.artifacts WHERE kind IN ('run_results', 'telemetry', 'information_schema') AND job_name = $job
        )
    )
ORDER BY last.project_name, last.environment, last.unique_id
