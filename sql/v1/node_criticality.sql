-- How often each node decided how long a run took, over the last 30 runs, and how much time that cost.
-- grain: project_name, environment, unique_id
-- since: 0.1
--
-- Not portable: see internal.run_schedules.
CREATE OR REPLACE VIEW v1.node_criticality AS
WITH timelines AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        invocation_id,
        command,
        unique_id,
        resource_type,
        observed_step,
        CAST(round(slack_seconds * 1e6) AS BIGINT) AS slack,
        CAST(round(drag_seconds * 1e6) AS BIGINT) AS drag
    FROM internal.timelines(NULL, 30)
    WHERE resource_type IS DISTINCT FROM 'operation'
),

runs AS (
    SELECT project_name, environment, count(*) AS run_count
    FROM (SELECT DISTINCT project_name, environment, invocation_id, command FROM timelines)
    GROUP BY project_name, environment
),

nodes AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        count(*) AS executed_count,
        count(*) FILTER (WHERE slack = 0) AS critical_count,
        count(observed_step) AS observed_count,
        count(slack) AS scheduled_count,
        sum(slack) AS slack_sum,
        max(drag) AS drag_max,
        sum(drag) AS drag_sum
    FROM timelines
    GROUP BY project_name, environment, unique_id, resource_type
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    runs.run_count,
    nodes.executed_count,
    nodes.critical_count,
    nodes.critical_count / nodes.executed_count AS critical_rate,
    nodes.observed_count,
    nodes.observed_count / nodes.executed_count AS observed_rate,
    CAST(nodes.slack_sum AS DOUBLE) / nullif(nodes.scheduled_count, 0) / 1e6 AS slack_seconds_avg,
    CAST(nodes.drag_sum AS DOUBLE) / nullif(nodes.scheduled_count, 0) / 1e6 AS drag_seconds_avg,
    nodes.drag_max / 1e6 AS drag_seconds_max,
    CAST(nodes.drag_sum AS DOUBLE) / 1e6 AS drag_seconds_sum
FROM nodes
INNER JOIN runs
    ON runs.project_name IS NOT DISTINCT FROM nodes.project_name
    AND runs.environment = nodes.environment;

COMMENT ON VIEW v1.node_criticality IS 'One row per node that was executed in the last 30 runs of a project and environment.';
COMMENT ON COLUMN v1.node_criticality.run_count IS 'How many runs are counted: the last 30 of the project and environment whose command executes nodes, without those that executed none.';
COMMENT ON COLUMN v1.node_criticality.executed_count IS 'In how many of these runs the node was executed.';
COMMENT ON COLUMN v1.node_criticality.critical_count IS 'In how many of these runs it had no slack.';
COMMENT ON COLUMN v1.node_criticality.critical_rate IS 'critical_count over executed_count.';
COMMENT ON COLUMN v1.node_criticality.observed_count IS 'In how many of these runs it was on the observed critical path.';
COMMENT ON COLUMN v1.node_criticality.observed_rate IS 'observed_count over executed_count.';
COMMENT ON COLUMN v1.node_criticality.slack_seconds_avg IS 'Its average slack, over the runs that have a schedule.';
COMMENT ON COLUMN v1.node_criticality.drag_seconds_avg IS 'Its average drag, over the same runs.';
COMMENT ON COLUMN v1.node_criticality.drag_seconds_max IS 'Its greatest drag.';
COMMENT ON COLUMN v1.node_criticality.drag_seconds_sum IS 'By how many seconds, at most, these runs together would have been shorter if it had taken no time.';
