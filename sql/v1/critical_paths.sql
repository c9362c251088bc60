-- The chain of nodes that decided how long every run took, and the one that would with unlimited threads.
-- grain: invocation_id, command, path, step
-- since: 0.1
--
-- Not portable: see internal.run_schedules. Of one invocation, v1.critical_path_of answers at once.
CREATE OR REPLACE VIEW v1.critical_paths AS
SELECT *
FROM internal.paths(NULL, NULL);

COMMENT ON VIEW v1.critical_paths IS 'One row per node on a critical path of a run. docs/analytics.md has the definitions.';
COMMENT ON COLUMN v1.critical_paths.path IS 'observed (what each node waited for, back from what finished last) or theoretical (the longest path by execution time).';
COMMENT ON COLUMN v1.critical_paths.step IS 'The place on the path, from 1.';
COMMENT ON COLUMN v1.critical_paths.unique_id IS 'The node.';
COMMENT ON COLUMN v1.critical_paths.resource_type IS 'model, test, seed, snapshot, …; from the id.';
COMMENT ON COLUMN v1.critical_paths.execution_seconds IS 'dbt''s execution_time, else the span of its timing, else 0.';
COMMENT ON COLUMN v1.critical_paths.started_after_seconds IS 'Observed: its start, since the first start of the run; theoretical: its start in the fastest schedule.';
COMMENT ON COLUMN v1.critical_paths.completed_after_seconds IS 'The same of its end; at the last step the length of the path.';
COMMENT ON COLUMN v1.critical_paths.queued_seconds IS 'Observed: from the end of the step before to its start, the first since the start of the run; theoretical: 0.';
COMMENT ON COLUMN v1.critical_paths.slack_seconds IS 'How much later it could finish without the fastest schedule ending later.';
COMMENT ON COLUMN v1.critical_paths.drag_seconds IS 'How much sooner the fastest schedule would end had it taken no time.';
