-- The statements that invocations of dbt 2 executed, by their telemetry, with their outcome.
-- grain: invocation_id, command, statement_index
-- since: 0.1
CREATE OR REPLACE VIEW v1.statements AS
SELECT
    settled.invocation_id,
    settled.command,
    statements.statement_index,
    settled.project_name,
    settled.environment,
    settled.job_name,
    statements.unique_id,
    statements.phase,
    statements.started_at,
    statements.completed_at,
    CAST(date_diff('microsecond', statements.started_at, statements.completed_at) / 1000000.0 AS DOUBLE) AS span_seconds,
    statements.outcome,
    statements.error,
    statements.query_id,
    texts.text AS sql,
    statements.extra
FROM stored.statements AS statements
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = statements.artifact_key
LEFT JOIN stored.texts AS texts ON texts.text_id = statements.sql_id
WHERE settled.is_current;

COMMENT ON VIEW v1.statements IS 'One row per statement that dbt 2''s telemetry says was executed.';
COMMENT ON COLUMN v1.statements.statement_index IS 'Its place among the statements of the invocation, by their start, from 1.';
COMMENT ON COLUMN v1.statements.unique_id IS 'The node that it was executed for; NULL for those of dbt itself.';
COMMENT ON COLUMN v1.statements.phase IS 'The phase of the node.';
COMMENT ON COLUMN v1.statements.started_at IS 'When it started, UTC.';
COMMENT ON COLUMN v1.statements.completed_at IS 'When it ended, UTC.';
COMMENT ON COLUMN v1.statements.span_seconds IS 'The seconds from its start to its end.';
COMMENT ON COLUMN v1.statements.outcome IS 'success, error or canceled.';
COMMENT ON COLUMN v1.statements.error IS 'The message of the adapter.';
COMMENT ON COLUMN v1.statements.query_id IS 'The database''s id of the query.';
COMMENT ON COLUMN v1.statements.sql IS 'The SQL.';
COMMENT ON COLUMN v1.statements.extra IS 'Every other attribute of the statement in the telemetry.';
