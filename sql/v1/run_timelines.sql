-- When everything ran in every run, on which thread, what it waited for, and how much later it could have finished.
-- grain: invocation_id, command, unique_id
-- since: 0.1
--
-- Not portable: see internal.run_schedules. Of one invocation, v1.run_timeline_of answers at once.
CREATE OR REPLACE VIEW v1.run_timelines AS
SELECT *
FROM internal.timelines(NULL, NULL);

COMMENT ON VIEW v1.run_timelines IS 'One row per result that was executed: a Gantt chart of every run. docs/analytics.md has the definitions.';
COMMENT ON COLUMN v1.run_timelines.unique_id IS 'The node, or hook, that was executed.';
COMMENT ON COLUMN v1.run_timelines.resource_type IS 'model, test, seed, snapshot, …, or operation (a hook); from the id.';
COMMENT ON COLUMN v1.run_timelines.started_at IS 'When it started, UTC: the first start in its timing, else its completion less execution_time.';
COMMENT ON COLUMN v1.run_timelines.completed_at IS 'When it was done, UTC: the last completion in its timing; NULL without any.';
COMMENT ON COLUMN v1.run_timelines.started_after_seconds IS 'Its start, since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.compile_seconds IS 'How long its compilation took; dbt 2.0 writes the execution''s times there too.';
COMMENT ON COLUMN v1.run_timelines.execute_seconds IS 'How long its execution took.';
COMMENT ON COLUMN v1.run_timelines.completed_after_seconds IS 'Its completion, since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.idle_seconds IS 'How long its thread had nothing to do before it: since the result before, else since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.waited_for_unique_id IS 'What finished last of that for which it had to wait; NULL where it waited for nothing.';
COMMENT ON COLUMN v1.run_timelines.queued_seconds IS 'From the completion of that to its own start: no thread was free, or dbt was busy.';
COMMENT ON COLUMN v1.run_timelines.scheduled_seconds IS 'What the fastest schedule reckons with: execution_time, else the span of its timing, else 0.';
COMMENT ON COLUMN v1.run_timelines.earliest_start_seconds IS 'When it starts in the fastest schedule: with unlimited threads, as soon as nothing is waited for.';
COMMENT ON COLUMN v1.run_timelines.slack_seconds IS 'How much later it could finish without the fastest schedule ending later; 0 on a longest path.';
COMMENT ON COLUMN v1.run_timelines.drag_seconds IS 'How much sooner the fastest schedule would end had it taken no time; 0 beside the longest paths.';
COMMENT ON COLUMN v1.run_timelines.observed_step IS 'Its place on the observed critical path of the run, from 1; NULL beside it.';
COMMENT ON COLUMN v1.run_timelines.critical_step IS 'Its place on the theoretical critical path, from 1; NULL beside it.';
