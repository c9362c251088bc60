-- Every invocation with the job and the run that it belongs to, in the order of time. All invocations with one run id of
-- dbt Cloud are one run; else those of a logical run are.
-- parameters: none
-- grain: artifact_key
WITH logical_runs AS (
    SELECT members.artifact_key, first_runs.invocation_id, first_runs.command
    FROM internal.logical_run_members AS members
    INNER JOIN internal.all_runs AS first_runs ON first_runs.artifact_key = members.logical_artifact_key
)

SELECT
    runs.artifact_key,
    runs.invocation_id,
    runs.command,
    runs.project_name,
    runs.environment,
    coalesce(runs.job_name, 'dbt Cloud job ' || nullif(runs.env ->> 'DBT_CLOUD_JOB_ID', '')) AS job_name,
    nullif(runs.env ->> 'DBT_CLOUD_JOB_ID', '') AS cloud_job_id,
    nullif(runs.env ->> 'DBT_CLOUD_RUN_ID', '') AS cloud_run_id,
    coalesce(
        'dbt Cloud ' || nullif(runs.env ->> 'DBT_CLOUD_RUN_ID', ''),
        logical_runs.invocation_id || ' ' || logical_runs.command,
        runs.invocation_id || ' ' || runs.command
    ) AS run_key,
    coalesce(runs.is_executing, FALSE) AS is_executing,
    runs.generated_at,
    runs.elapsed_seconds,
    runs.args,
    settled.manifest_key,
    manifests.graph_id,
    manifests.rendering_set_id,
    coalesce(manifests.dbt_version, runs.dbt_version) AS dbt_version
FROM internal.all_runs AS runs
LEFT JOIN logical_runs ON logical_runs.artifact_key = runs.artifact_key
LEFT JOIN stored.settled_artifacts AS settled ON settled.artifact_key = runs.artifact_key
LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = settled.manifest_key
ORDER BY runs.run_number
