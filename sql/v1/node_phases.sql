-- The phases of nodes in dbt 2's telemetry: when each was rendered, analyzed and run, and why it was skipped and by which node.
-- grain: invocation_id, command, unique_id, phase
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_phases AS
SELECT
    settled.invocation_id,
    settled.command,
    phases.unique_id,
    phases.phase,
    settled.project_name,
    settled.environment,
    settled.job_name,
    phases.started_at,
    phases.completed_at,
    CAST(date_diff('microsecond', phases.started_at, phases.completed_at) / 1000000.0 AS DOUBLE) AS span_seconds,
    phases.working_seconds,
    phases.outcome,
    phases.skip_reason,
    phases.skipped_by_unique_id,
    phases.error_type
FROM stored.node_phases AS phases
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = phases.artifact_key
WHERE settled.is_current
-- A node may be rendered twice in an invocation: the last time counts.
QUALIFY row_number() OVER (
    PARTITION BY settled.invocation_id, settled.command, phases.unique_id, phases.phase
    ORDER BY phases.started_at DESC NULLS LAST, phases.completed_at DESC NULLS LAST
) = 1;

COMMENT ON VIEW v1.node_phases IS 'One row per phase of a node in an invocation of dbt 2 that wrote telemetry, and one for the node as a whole.';
COMMENT ON COLUMN v1.node_phases.phase IS 'render, analyze, run and the like; NULL for the node as a whole.';
COMMENT ON COLUMN v1.node_phases.started_at IS 'When it started, UTC.';
COMMENT ON COLUMN v1.node_phases.completed_at IS 'When it ended, UTC.';
COMMENT ON COLUMN v1.node_phases.span_seconds IS 'The seconds from its start to its end, waiting included.';
COMMENT ON COLUMN v1.node_phases.working_seconds IS 'Of the node as a whole: the seconds in which dbt worked on it. The rest of span_seconds it waited.';
COMMENT ON COLUMN v1.node_phases.outcome IS 'success, error, skipped and the like. A test that failed has success.';
COMMENT ON COLUMN v1.node_phases.skip_reason IS 'Why it was skipped: upstream, cached, no_op and the like.';
COMMENT ON COLUMN v1.node_phases.skipped_by_unique_id IS 'The node that made dbt skip it.';
COMMENT ON COLUMN v1.node_phases.error_type IS 'The kind of its error.';
