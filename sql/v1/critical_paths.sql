-- The chain of nodes that decided how long each run took, and the chain that would decide it with unlimited threads.
-- grain: invocation_id, command, path, step
-- since: 0.1
--
-- Not portable: see internal.run_schedules. For one invocation, v1.critical_path_of is far faster.
CREATE OR REPLACE VIEW v1.critical_paths AS
SELECT *
FROM internal.paths(NULL, NULL);

COMMENT ON VIEW v1.critical_paths IS 'One row per node on a critical path of a run. docs/analytics.md has the definitions.';
COMMENT ON COLUMN v1.critical_paths.path IS 'observed (from the node that ended last, back along the node that each waited for) or theoretical (the longest path by execution time).';
COMMENT ON COLUMN v1.critical_paths.step IS 'The place on the path, from 1.';
COMMENT ON COLUMN v1.critical_paths.execution_seconds IS 'dbt''s execution_time, else the span of its timing, else 0.';
COMMENT ON COLUMN v1.critical_paths.started_after_seconds IS 'Observed: the start of the node, since the first start of the run; theoretical: its start in the fastest schedule.';
COMMENT ON COLUMN v1.critical_paths.completed_after_seconds IS 'Observed: its end, since the first start of the run; theoretical: its end in the fastest schedule, and so at the last step the length of the path.';
COMMENT ON COLUMN v1.critical_paths.queued_seconds IS 'Observed: the seconds from the end of the step before (at the first step, from the start of the run) to the start of the node; theoretical: 0.';
