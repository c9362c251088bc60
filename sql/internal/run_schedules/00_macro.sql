-- Every executed result with what it waited for, and its place in the fastest schedule that the run's graph allows.
-- grain: artifact_key, unique_id
--
-- Not portable: recursions that aggregate. `of_invocation` restricts it to the runs of one invocation, `last_runs` to the
-- last so many of each project and environment; NULL takes all of them. docs/analytics.md says what each word means.
--
-- What many runs share is worked out once: graphs with equal edges are one (`structures`), and so are runs of one of these
-- that executed the same nodes (`shapes`). Only times are a run's own. Every node has a number, in the order of the ids;
-- times are whole microseconds, which add up exactly.
-- No CTE says MATERIALIZED: DuckDB keeps what is read twice anyhow, and 1.4 takes 4 GB to write a macro with 24 that do.
CREATE OR REPLACE MACRO internal.run_schedules(of_invocation, last_runs) AS TABLE
WITH RECURSIVE
