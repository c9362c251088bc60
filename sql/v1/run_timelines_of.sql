-- The timelines of some invocations: their rows of v1.run_timelines, without computing the other runs.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.run_timelines_of(of_invocations) AS TABLE
SELECT *
FROM internal.timelines(coalesce(CAST(of_invocations AS VARCHAR[]), []), NULL);

COMMENT ON MACRO TABLE v1.run_timelines_of IS 'v1.run_timelines of the invocations of a list: one row per result that was executed.';
