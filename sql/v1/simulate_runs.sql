-- Some runs replayed with some numbers of threads each: v1.simulate_run for many at once.
-- grain: invocation_id, command, unique_id, thread_count
-- since: 0.1
CREATE OR REPLACE MACRO v1.simulate_runs(of_invocations, thread_counts) AS TABLE
SELECT *
FROM internal.simulated_runs(coalesce(CAST(of_invocations AS VARCHAR[]), []), thread_counts);

COMMENT ON MACRO TABLE v1.simulate_runs IS 'One row per node of a run and number of threads, as the run would be with that many.';
