-- v1.critical_paths of one invocation, at once.
-- grain: invocation_id, command, path, step
-- since: 0.1
CREATE OR REPLACE MACRO v1.critical_path_of(of_invocation) AS TABLE
SELECT
    invocation_id,
    command,
    path,
    step,
    unique_id,
    project_name,
    environment,
    resource_type,
    execution_seconds,
    started_after_seconds,
    completed_after_seconds,
    queued_seconds,
    slack_seconds,
    drag_seconds
FROM internal.paths(coalesce(CAST(of_invocation AS VARCHAR), ''), NULL);

COMMENT ON MACRO TABLE v1.critical_path_of IS 'v1.critical_paths of one invocation: one row per node on a path.';
