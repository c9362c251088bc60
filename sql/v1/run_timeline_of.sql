-- The timeline of one invocation: its rows of v1.run_timelines, without computing the other runs.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.run_timeline_of(of_invocation) AS TABLE
SELECT *
FROM internal.timelines([coalesce(CAST(of_invocation AS VARCHAR), '')], NULL);

COMMENT ON MACRO TABLE v1.run_timeline_of IS 'v1.run_timelines of one invocation: one row per result that was executed.';
