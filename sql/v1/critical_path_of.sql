-- The critical paths of one invocation: its rows of v1.critical_paths, without computing the other runs.
-- grain: invocation_id, command, path, step
-- since: 0.1
CREATE OR REPLACE MACRO v1.critical_path_of(of_invocation) AS TABLE
SELECT *
FROM internal.paths([coalesce(CAST(of_invocation AS VARCHAR), '')], NULL);

COMMENT ON MACRO TABLE v1.critical_path_of IS 'v1.critical_paths of one invocation: one row per node on a path.';
