-- When each result of each run was executed, on which thread, what it waited for, and how much later it could end.
-- grain: invocation_id, command, unique_id
-- since: 0.1
--
-- Not portable: see internal.run_schedules. For one invocation, v1.run_timeline_of is far faster.
CREATE OR REPLACE VIEW v1.run_timelines AS
SELECT *
FROM internal.timelines(NULL, NULL);

COMMENT ON VIEW v1.run_timelines IS 'One row per result that was executed: a Gantt chart of every run. docs/analytics.md has the definitions.';
COMMENT ON COLUMN v1.run_timelines.unique_id IS 'The node, or hook, that was executed.';
COMMENT ON COLUMN v1.run_timelines.resource_type IS 'model, test, seed, snapshot, …, or operation (a hook); from the id.';
COMMENT ON COLUMN v1.run_timelines.started_at IS 'When it started, UTC: the first start in its timing, else its completion minus execution_time.';
COMMENT ON COLUMN v1.run_timelines.completed_at IS 'When it ended, UTC: the last completion in its timing; NULL without one.';
COMMENT ON COLUMN v1.run_timelines.started_after_seconds IS 'Its start, since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.compile_seconds IS 'How long its compilation took. dbt 2.0 writes the times of the execution here too.';
COMMENT ON COLUMN v1.run_timelines.execute_seconds IS 'How long its execution took.';
COMMENT ON COLUMN v1.run_timelines.completed_after_seconds IS 'Its end, since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.idle_seconds IS 'How long the thread was idle before this node: since its last result, else since the first start of the run.';
COMMENT ON COLUMN v1.run_timelines.waited_for_unique_id IS 'Of the nodes that this node had to wait for, the one that ended last; NULL where it waited for none.';
COMMENT ON COLUMN v1.run_timelines.queued_seconds IS 'From the end of the node that it waited for to its own start: no thread was free, or dbt was busy.';
COMMENT ON COLUMN v1.run_timelines.scheduled_seconds IS 'Its duration in the fastest schedule: execution_time, else the span of its timing, else 0.';
COMMENT ON COLUMN v1.run_timelines.earliest_start_seconds IS 'Its start in the fastest schedule: with unlimited threads, once all that it waits for has ended.';
COMMENT ON COLUMN v1.run_timelines.observed_step IS 'Its place on the observed critical path of the run, from 1; NULL where it is not on it.';
COMMENT ON COLUMN v1.run_timelines.critical_step IS 'Its place on the theoretical critical path, from 1; NULL where it is not on it.';
