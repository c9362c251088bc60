-- run_results into a fresh DuckDB file with SQL only: every file is read once, then two INSERT … SELECT.
SET preserve_insertion_order = false;

CREATE TABLE invocations (
    invocation_id VARCHAR, generated_at TIMESTAMP, dbt_version VARCHAR, elapsed_seconds DOUBLE, args JSON
);

CREATE TABLE node_executions (
    invocation_id VARCHAR, unique_id VARCHAR, status VARCHAR, execution_seconds DOUBLE, compile_started_at TIMESTAMP,
    compile_completed_at TIMESTAMP, execute_started_at TIMESTAMP, execute_completed_at TIMESTAMP, thread_id VARCHAR,
    message VARCHAR, failures BIGINT, adapter_response JSON, relation_name VARCHAR, compiled_code VARCHAR
);

CREATE TEMP TABLE files AS
SELECT *
FROM
    read_json(
        getvariable('files'), hive_partitioning = false, maximum_object_size = 16777216,
        columns = {
            metadata: 'STRUCT(invocation_id VARCHAR, generated_at TIMESTAMP, dbt_version VARCHAR)',
            elapsed_time: 'DOUBLE', args: 'JSON', results: 'STRUCT(
                status VARCHAR, timing STRUCT("name" VARCHAR, started_at TIMESTAMP, completed_at TIMESTAMP)[],
                thread_id VARCHAR, execution_time DOUBLE, adapter_response JSON, message VARCHAR, failures BIGINT,
                unique_id VARCHAR, compiled_code VARCHAR, relation_name VARCHAR
            )[]'
        }
    );

INSERT INTO invocations
SELECT metadata.invocation_id, metadata.generated_at, metadata.dbt_version, elapsed_time, args
FROM files;

INSERT INTO node_executions
SELECT
    invocation_id, r.unique_id, r.status, r.execution_time, r.timing[1].started_at, r.timing[1].completed_at,
    r.timing[2].started_at, r.timing[2].completed_at, r.thread_id, r.message, r.failures, r.adapter_response,
    r.relation_name, r.compiled_code
FROM (SELECT metadata.invocation_id AS invocation_id, unnest(results) AS r FROM files);
