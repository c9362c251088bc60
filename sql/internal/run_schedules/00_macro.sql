-- Every executed result with the node it waited for, and its place in the fastest schedule that the run's graph allows.
-- grain: artifact_key, unique_id
--
-- Not portable: recursions that aggregate. `of_invocations` restricts it to the runs of a list, `last_runs` to
-- that many last runs of each project and environment; NULL does not restrict. docs/analytics.md explains the terms.
--
-- Work that many runs share is done once: graphs with equal edges are one (`structures`), and so are runs on one of
-- these that executed the same nodes (`shapes`). Only times differ between such runs. Every node has a number, in the
-- order of the ids. Times are whole microseconds, which add up exactly. No CTE says MATERIALIZED: DuckDB keeps a CTE
-- that is read twice anyhow, and 1.4 takes 4 GB to write a macro with 24.
CREATE OR REPLACE MACRO internal.run_schedules(of_invocations, last_runs) AS TABLE
WITH RECURSIVE
