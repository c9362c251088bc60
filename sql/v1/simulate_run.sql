-- A run replayed with another number of threads: when every node would start and end, by dbt's rule of scheduling.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE MACRO v1.simulate_run(of_invocation, threads) AS TABLE
SELECT *
FROM internal.simulated_runs([coalesce(CAST(of_invocation AS VARCHAR), '')], [threads]);

COMMENT ON MACRO TABLE v1.simulate_run IS 'One row per node of a run, as the run would be with that many threads. elapsed_seconds is when the last node would end, observed_seconds how long the run itself took, from the first start to the last completion.';
