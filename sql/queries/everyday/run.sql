-- The results of one run: failures, warnings and skips first, then what took longest.
-- parameters: $run, $command
-- grain: unique_id
WITH usual AS (
    SELECT
        project_name,
        environment,
        unique_id,
        execution_seconds_median
    FROM v1.node_execution_times
),

stopped AS (
    SELECT unique_id, list(failed_unique_id ORDER BY failed_unique_id) AS failed_unique_ids
    FROM v1.skips
    WHERE invocation_id = $run AND command = $command
    GROUP BY unique_id
),

checks AS (
    SELECT
        checks.*,
        sources.name,
        sources.package_name
    FROM v1.source_freshness AS checks
    LEFT JOIN v1.sources AS sources
        ON sources.project_name IS NOT DISTINCT FROM checks.project_name
        AND sources.environment = checks.environment
        AND sources.unique_id = checks.unique_id
    WHERE checks.invocation_id = $run AND checks.command = $command
),

results AS (
    SELECT
        status,
        CASE status_class
            WHEN 'failure' THEN 1
            WHEN 'warn' THEN 2
            WHEN 'skipped' THEN 3
            ELSE 4
        END AS place,
        resource_type,
        coalesce(name, unique_id) AS name,
        execution_seconds,
        rows_affected,
        failures,
        message,
        unique_id,
        materialized,
        coalesce(compile_started_at, execute_started_at) AS started_at,
        execute_completed_at AS completed_at,
        thread_id,
        bytes_processed,
        query_id,
        relation_name,
        definition_id,
        project_name,
        environment,
        job_name,
        invocation_id,
        command
    FROM v1.node_executions
    WHERE invocation_id = $run AND command = $command
    UNION ALL BY NAME
    SELECT
        status,
        CASE status_class WHEN 'success' THEN 4 WHEN 'warn' THEN 2 ELSE 1 END AS place,
        'source' AS resource_type,
        coalesce(name, unique_id) AS name,
        execution_seconds,
        coalesce(error, 'last loaded at ' || strftime(max_loaded_at, '%Y-%m-%d %H:%M') || ' UTC') AS message,
        unique_id,
        snapshotted_at AS completed_at,
        thread_id,
        project_name,
        environment,
        job_name,
        invocation_id,
        command
    FROM checks
)

SELECT
    results.status,
    results.resource_type,
    results.name,
    results.execution_seconds AS took_seconds,
    usual.execution_seconds_median AS usual_seconds,
    results.failures,
    results.message,
    results.rows_affected,
    stopped.failed_unique_ids AS skipped_for,
    results.unique_id,
    results.materialized,
    results.started_at,
    results.completed_at,
    results.thread_id,
    results.bytes_processed,
    results.query_id,
    results.relation_name,
    results.definition_id,
    results.project_name,
    results.environment,
    results.job_name,
    results.invocation_id,
    results.command
FROM results
LEFT JOIN usual
    ON usual.project_name IS NOT DISTINCT FROM results.project_name
    AND usual.environment = results.environment
    AND usual.unique_id = results.unique_id
LEFT JOIN stopped ON stopped.unique_id = results.unique_id
ORDER BY results.place, results.execution_seconds DESC NULLS LAST, results.unique_id
