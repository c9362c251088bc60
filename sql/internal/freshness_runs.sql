-- Every invocation of `dbt source freshness` that is known by its checks, with what sources.json says of it (rule 3).
-- grain: invocation_id
--
-- Where several files have the checks of an invocation, sources.json counts: only it has an elapsed time.
CREATE OR REPLACE VIEW internal.freshness_runs AS
WITH files AS (
    SELECT
        artifacts.artifact_key,
        settled.invocation_id,
        settled.command,
        settled.project_name,
        settled.environment,
        settled.job_name,
        artifacts.dbt_version,
        manifests.adapter_type,
        artifacts.generated_at,
        artifacts.started_at,
        TRY_CAST(artifacts.extra ->> 'elapsed_time' AS DOUBLE) AS elapsed_seconds,
        artifacts.extra -> 'args' AS args,
        artifacts.metadata -> 'env' AS env
    FROM stored.artifacts AS artifacts
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
    LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = settled.manifest_key
    WHERE artifacts.kind IN ('sources', 'freshness', 'information_schema_freshness')
        AND settled.command IS NOT NULL
        AND settled.is_current
    QUALIFY
        row_number() OVER (
            PARTITION BY settled.invocation_id
            ORDER BY CASE artifacts.kind WHEN 'sources' THEN 1 WHEN 'freshness' THEN 2 ELSE 3 END ASC
        ) = 1
),

counts AS (
    SELECT
        invocation_id,
        count(*) AS result_count,
        count(*) FILTER (WHERE status_class IN ('success', 'warn', 'failure')) AS executed_count,
        count(*) FILTER (WHERE status_class = 'success') AS success_count,
        count(*) FILTER (WHERE status_class = 'warn') AS warn_count,
        count(*) FILTER (WHERE status_class = 'failure') AS failure_count,
        count(*) FILTER (WHERE status_class = 'skipped') AS skipped_count,
        min(started_at) AS first_started_at,
        max(completed_at) AS last_completed_at
    FROM internal.freshness_checks
    WHERE command IS NOT NULL
    GROUP BY invocation_id
)

SELECT
    files.artifact_key,
    files.invocation_id,
    files.command,
    files.project_name,
    files.environment,
    files.job_name,
    files.dbt_version,
    files.adapter_type,
    CAST(NULL AS VARCHAR) AS target_name,
    files.generated_at,
    coalesce(files.started_at, counts.first_started_at) AS started_at,
    counts.first_started_at,
    counts.last_completed_at,
    files.elapsed_seconds,
    TRY_CAST(files.args ->> 'threads' AS INTEGER) AS threads,
    CAST(NULL AS BOOLEAN) AS is_full_refresh,
    FALSE AS is_retry,
    FALSE AS is_aborted,
    TRUE AS is_executing,
    files.args ->> 'invocation_command' AS invocation_command,
    CAST(NULL AS VARCHAR) AS selection,
    files.args,
    files.args -> 'vars' AS vars,
    files.env,
    FALSE AS is_empty,
    FALSE AS is_sample,
    coalesce(counts.result_count, 0) AS result_count,
    coalesce(counts.executed_count, 0) AS executed_count,
    coalesce(counts.success_count, 0) AS success_count,
    coalesce(counts.warn_count, 0) AS warn_count,
    coalesce(counts.failure_count, 0) AS failure_count,
    coalesce(counts.skipped_count, 0) AS skipped_count
FROM files
LEFT JOIN counts ON counts.invocation_id = files.invocation_id;

COMMENT ON VIEW internal.freshness_runs IS
    'One row per invocation with current freshness checks that describe a run.';
