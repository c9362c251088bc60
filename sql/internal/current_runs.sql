-- Every invocation that executed nodes or was to do so, by what its current files tell of it together, with its labels, and
-- whether its command executes nodes.
-- grain: invocation_id, command
--
-- Not portable: `json_merge_patch`.
-- Of several files of an invocation its results come first, and the others add what these do not know (rule 9).
CREATE OR REPLACE VIEW internal.current_runs AS
WITH files AS (
    SELECT
        artifacts.artifact_key,
        artifacts.kind,
        artifacts.kind = 'run_results' OR (artifacts.kind <> 'run' AND artifacts.entry_count IS NOT NULL) AS has_results,
        CASE artifacts.kind WHEN 'telemetry' THEN 2 WHEN 'run' THEN 5 ELSE 3 END
        + CASE WHEN artifacts.kind = 'information_schema' AND artifacts.entry_count IS NULL THEN 1 ELSE 0 END AS place,
        artifacts.adapter_type,
        settled.invocation_id,
        settled.command,
        artifacts.dbt_version,
        artifacts.target_name,
        artifacts.generated_at,
        settled.project_name,
        settled.environment,
        settled.job_name,
        settled.manifest_key,
        artifacts.started_at AS said_started_at,
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

-- Of each value the first that is known: of telemetry, the information schema, the scheduler.
told AS (
    SELECT
        invocation_id,
        command,
        coalesce(
            arg_min(files.artifact_key, files.place) FILTER (WHERE files.has_results),
            arg_min(files.artifact_key, files.place)
        ) AS artifact_key,
        bool_or(has_results) AS has_results,
        coalesce(min(outcome) FILTER (WHERE kind = 'run'), min(outcome)) AS outcome,
        arg_min(files.dbt_version, files.place) AS dbt_version,
        arg_min(files.target_name, files.place) AS target_name,
        arg_min(files.generated_at, files.place) AS generated_at,
        arg_min(files.project_name, files.place) AS project_name,
        arg_min(files.environment, files.place) AS environment,
        arg_min(files.job_name, files.place) AS job_name,
        arg_min(files.manifest_key, files.place) AS manifest_key,
        arg_min(files.adapter_type, files.place) AS adapter_type,
        arg_min(files.started_at, files.place) AS started_at,
        arg_min(files.first_started_at, files.place) AS first_started_at,
        arg_min(files.last_completed_at, files.place) AS last_completed_at,
        arg_min(files.completed_at, files.place) AS completed_at,
        arg_min(files.elapsed_seconds, files.place) AS elapsed_seconds,
        arg_min(files.threads, files.place) AS threads,
        arg_min(files.is_full_refresh, files.place) AS is_full_refresh,
        arg_min(files.is_retry, files.place) AS is_retry,
        arg_min(files.is_aborted, files.place) AS is_aborted,
        arg_min(files.invocation_command, files.place) AS invocation_command,
        arg_min(files.selection, files.place) AS selection,
        arg_min(files.args, files.place) AS args,
        arg_min(files.vars, files.place) AS vars,
        arg_min(files.env, files.place) AS env,
        arg_min(files.extra, files.place) AS extra
    FROM files
    WHERE kind <> 'run_results'
    GROUP BY invocation_id, command
),

merged AS (
    SELECT
        coalesce(results.artifact_key, told.artifact_key) AS artifact_key,
        results.artifact_key IS NOT NULL OR told.has_results AS has_results,
        coalesce(results.invocation_id, told.invocation_id) AS invocation_id,
        coalesce(results.command, told.command) AS command,
        coalesce(results.dbt_version, told.dbt_version) AS dbt_version,
        coalesce(results.target_name, told.target_name) AS target_name,
        coalesce(results.generated_at, told.generated_at) AS generated_at,
        coalesce(results.project_name, told.project_name) AS project_name,
        coalesce(results.environment, told.environment) AS environment,
        coalesce(results.job_name, told.job_name) AS job_name,
        coalesce(results.manifest_key, told.manifest_key) AS manifest_key,
        -- The first start of a node is the start of the invocation only where no file knows better.
        coalesce(results.said_started_at, told.started_at, results.started_at) AS started_at,
        coalesce(results.first_started_at, told.first_started_at) AS first_started_at,
        coalesce(results.last_completed_at, told.last_completed_at) AS last_completed_at,
        told.completed_at,
        coalesce(results.elapsed_seconds, told.elapsed_seconds) AS elapsed_seconds,
        coalesce(results.threads, told.threads) AS threads,
        coalesce(results.is_full_refresh, told.is_full_refresh) AS is_full_refresh,
        coalesce(results.is_retry, FALSE) OR coalesce(told.is_retry, FALSE) AS is_retry,
        coalesce(results.is_aborted, told.is_aborted, FALSE) AS is_aborted,
        CASE WHEN told.outcome <> 'unfinished' OR results.artifact_key IS NULL THEN told.outcome END AS outcome,
        coalesce(results.invocation_command, told.invocation_command) AS invocation_command,
        coalesce(results.selection, told.selection) AS selection,
        coalesce(results.args, told.args) AS args,
        coalesce(results.vars, told.vars) AS vars,
        CASE WHEN told.env IS NULL THEN results.env ELSE json_merge_patch(told.env, coalesce(results.env, '{}')) END AS env,
        told.extra,
        coalesce(manifests.adapter_type, told.adapter_type) AS adapter_type,
        manifests.graph_id
    FROM results
    FULL JOIN told ON told.invocation_id = results.invocation_id AND told.command = results.command
    LEFT JOIN stored.artifacts AS manifests
        ON manifests.artifact_key = coalesce(results.manifest_key, told.manifest_key)
)

SELECT
    *,
    -- args.sample is a period of time, as text or as an object.
    coalesce(TRY_CAST(args ->> 'empty' AS BOOLEAN), FALSE) AS is_empty,
    coalesce(args ->> 'sample', 'false') NOT IN ('false', '') AS is_sample,
    command IN (
        'run', 'test', 'build', 'seed', 'snapshot', 'retry', 'clone', 'source freshness', 'unknown'
    ) AS is_executing,
    -- Orders results that were completed at the same time: the run with the greatest number is the last.
    -- The numbers below 2^31 are those of pruned runs: see pruned_outcomes.
    2147483648 + row_number() OVER (
        ORDER BY
            generated_at ASC NULLS FIRST,
            invocation_id ASC NULLS FIRST,
            command ASC NULLS FIRST
    ) AS run_number
FROM merged;

COMMENT ON VIEW internal.current_runs IS
    'One row per invocation with a current run_results, run, telemetry or information_schema. The one place that knows which commands execute nodes (rule 3, docs/rules.md).';
