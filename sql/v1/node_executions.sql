-- Every result of every node in every invocation, whatever the command.
-- grain: invocation_id, command, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.node_executions AS
SELECT
    executions.invocation_id,
    executions.command,
    executions.unique_id,
    executions.project_name,
    executions.environment,
    executions.job_name,
    coalesce(nodes.resource_type, executions.resource_type) AS resource_type,
    coalesce(nodes.package_name, executions.package_name) AS package_name,
    coalesce(nodes.name, executions.name) AS name,
    nodes.materialized,
    executions.status,
    executions.status_class,
    executions.is_executed,
    executions.execution_seconds,
    executions.compile_started_at,
    executions.compile_completed_at,
    executions.execute_started_at,
    executions.execute_completed_at,
    executions.thread_id,
    executions.message,
    executions.failures,
    executions.rows_affected,
    executions.bytes_processed,
    executions.bytes_billed,
    executions.query_id,
    executions.adapter_response,
    executions.relation_name,
    texts.text AS compiled_code,
    executions.is_full_refresh,
    executions.generated_at AS run_generated_at,
    executions.elapsed_seconds AS run_elapsed_seconds,
    nodes.definition_id,
    executions.is_empty,
    executions.is_sample,
    executions.extra
FROM internal.classified_executions AS executions
LEFT JOIN internal.graph_nodes AS nodes
    ON nodes.graph_id = executions.graph_id
    AND nodes.unique_id = executions.unique_id
LEFT JOIN stored.texts AS texts ON texts.text_id = executions.compiled_code_id;

COMMENT ON VIEW v1.node_executions IS 'One row per result. Where the command does not execute nodes, status_class is not_executed.';
COMMENT ON COLUMN v1.node_executions.resource_type IS 'The resource type, from the definition, else from the unique_id.';
COMMENT ON COLUMN v1.node_executions.package_name IS 'The package, from the definition, else from the unique_id.';
COMMENT ON COLUMN v1.node_executions.name IS 'The name, from the definition, else from the unique_id.';
COMMENT ON COLUMN v1.node_executions.materialized IS 'The materialization in that run.';
COMMENT ON COLUMN v1.node_executions.status_class IS 'success, warn, failure, skipped, not_executed or unknown (rule 2, docs/rules.md).';
COMMENT ON COLUMN v1.node_executions.is_executed IS 'Whether the class is success, warn or failure (rule 4, docs/rules.md).';
COMMENT ON COLUMN v1.node_executions.compile_started_at IS 'When its compilation started, UTC.';
COMMENT ON COLUMN v1.node_executions.compile_completed_at IS 'When its compilation was done, UTC.';
COMMENT ON COLUMN v1.node_executions.execute_started_at IS 'When its execution started, UTC.';
COMMENT ON COLUMN v1.node_executions.execute_completed_at IS 'When its execution was done, UTC.';
COMMENT ON COLUMN v1.node_executions.message IS 'dbt''s message.';
COMMENT ON COLUMN v1.node_executions.failures IS 'How many rows failed a test.';
COMMENT ON COLUMN v1.node_executions.rows_affected IS 'adapter_response.rows_affected; NULL where that is below 0, which means unknown.';
COMMENT ON COLUMN v1.node_executions.bytes_processed IS 'adapter_response.bytes_processed; NULL where that is below 0, which means unknown.';
COMMENT ON COLUMN v1.node_executions.bytes_billed IS 'adapter_response.bytes_billed; NULL where that is below 0, which means unknown.';
COMMENT ON COLUMN v1.node_executions.query_id IS 'adapter_response.query_id, else its job_id.';
COMMENT ON COLUMN v1.node_executions.adapter_response IS 'adapter_response, complete.';
COMMENT ON COLUMN v1.node_executions.compiled_code IS 'The compiled code, from dbt 1.7.';
COMMENT ON COLUMN v1.node_executions.is_full_refresh IS 'Whether the invocation was a full refresh.';
COMMENT ON COLUMN v1.node_executions.run_generated_at IS 'When the run_results was written, UTC.';
COMMENT ON COLUMN v1.node_executions.run_elapsed_seconds IS 'The invocation''s elapsed_time.';
COMMENT ON COLUMN v1.node_executions.definition_id IS 'The definition of the node in that run (rule 7, docs/rules.md).';
COMMENT ON COLUMN v1.node_executions.is_empty IS 'Whether its invocation read no rows (--empty).';
COMMENT ON COLUMN v1.node_executions.is_sample IS 'Whether its invocation read a sample (--sample).';
COMMENT ON COLUMN v1.node_executions.extra IS 'Every field of the result that has no column here, as dbt wrote it; what does not fit its column, too.';
