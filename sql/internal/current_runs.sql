-- Every invocation that executed nodes or was to do so, by what its current files tell of it together, with its labels, and
-- whether its command executes nodes.
-- grain: invocation_id, command
--
-- Of several files of an invocation its results come first, and the others add what these do not know (rule 9).
CREATE OR REPLACE VIEW internal.current_runs AS
WITH files AS (
    SELECT
        artifacts.artifact_key,
        artifacts.kind,
        settled.invocation_id,
        settled.command,
        artifacts.dbt_version,
        artifacts.target_name,
        artifacts.generated_at,
        settled.project_name,
        settled.environment,
        settled.job_name,
        settled.manifest_key,
        invocations.started_at,
        invocations.first_started_at,
        invocations.last_completed_at,
        invocations.completed_at,
        invocations.elapsed_seconds,
        invocations.threads,
        invocations.is_full_refresh,
        invocations.is_retry,
        invocations.is_aborted,
        invocations.outcome,
        invocations.invocation_command,
        invocations.selection,
        invocations.args,
        invocations.vars,
        invocations.env,
        invocations.extra
    FROM stored.invocations AS invocations
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = invocations.artifact_key
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = invocations.artifact_key
    WHERE settled.is_current
),

results AS (
    SELECT * FROM files WHERE kind = 'run_results'
),

told AS (
    SELECT * FROM files WHERE kind = 'run'
),

merged AS (
    SELECT
        coalesce(results.artifact_key, told.artifact_key) AS artifact_key,
        results.artifact_key IS NOT NULL AS has_results,
        coalesce(results.invocation_id, told.invocation_id) AS invocation_id,
        coalesce(results.command, told.command) AS command,
        coalesce(results.dbt_version, told.dbt_version) AS dbt_version,
        coalesce(results.target_name, told.target_name) AS target_name,
        coalesce(results.generated_at, told.generated_at) AS generated_at,
        coalesce(results.project_name, told.project_name) AS project_name,
        coalesce(results.environment, told.environment) AS environment,
        coalesce(results.job_name, told.job_name) AS job_name,
        coalesce(results.manifest_key, told.manifest_key) AS manifest_key,
        coalesce(results.started_at, told.started_at) AS started_at,
        results.first_started_at,
        results.last_completed_at,
        told.completed_at,
        results.elapsed_seconds,
        results.threads,
        coalesce(results.is_full_refresh, told.is_full_refresh) AS is_full_refresh,
        coalesce(results.is_retry, FALSE) OR coalesce(told.is_retry, FALSE) AS is_retry,
        coalesce(results.is_aborted, told.is_aborted) AS is_aborted,
        told.outcome,
        coalesce(results.invocation_command, told.invocation_command) AS invocation_command,
        results.selection,
        results.args,
        results.vars,
        CASE WHEN told.env IS NULL THEN results.env ELSE json_merge_patch(told.env, coalesce(results.env, '{}')) END AS env,
        told.extra
    FROM results
    FULL JOIN told ON told.invocation_id = results.invocation_id AND told.command = results.command
)

SELECT
    merged.*,
    manifests.adapter_type,
    manifests.graph_id,
    -- args.sample is a period of time, as text or as an object.
    coalesce(TRY_CAST(merged.args ->> 'empty' AS BOOLEAN), FALSE) AS is_empty,
    coalesce(merged.args ->> 'sample', 'false') NOT IN ('false', '') AS is_sample,
    merged.command IN (
        'run', 'test', 'build', 'seed', 'snapshot', 'retry', 'clone', 'source freshness', 'unknown'
    ) AS is_executing,
    -- Orders results that were completed at the same time: the run with the greatest number is the last.
    -- The numbers below 2^31 are those of pruned runs: see pruned_outcomes.
    2147483648 + row_number() OVER (
        ORDER BY
            merged.generated_at ASC NULLS FIRST,
            merged.invocation_id ASC NULLS FIRST,
            merged.command ASC NULLS FIRST
    ) AS run_number
FROM merged
LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = merged.manifest_key;

COMMENT ON VIEW internal.current_runs IS
    'One row per invocation with a current run_results or run. The one place that knows which commands execute nodes (rule 3, docs/rules.md).';
