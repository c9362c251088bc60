-- The current run_results of every invocation, with their labels, and whether their command executes nodes.
-- grain: invocation_id, command
CREATE OR REPLACE VIEW internal.current_runs AS
SELECT
    artifacts.artifact_key,
    settled.invocation_id,
    settled.command,
    artifacts.dbt_version,
    artifacts.target_name,
    artifacts.generated_at,
    settled.project_name,
    settled.environment,
    settled.job_name,
    settled.manifest_key,
    manifests.adapter_type,
    manifests.graph_id,
    invocations.started_at,
    invocations.first_started_at,
    invocations.last_completed_at,
    invocations.elapsed_seconds,
    invocations.threads,
    invocations.is_full_refresh,
    invocations.is_retry,
    invocations.is_aborted,
    invocations.invocation_command,
    invocations.selection,
    invocations.args,
    invocations.vars,
    invocations.env,
    -- args.sample is a period of time, as text or as an object.
    coalesce(TRY_CAST(invocations.args ->> 'empty' AS BOOLEAN), FALSE) AS is_empty,
    coalesce(invocations.args ->> 'sample', 'false') NOT IN ('false', '') AS is_sample,
    settled.command IN (
        'run', 'test', 'build', 'seed', 'snapshot', 'retry', 'clone', 'source freshness', 'unknown'
    ) AS is_executing,
    -- Orders results that were completed at the same time: the run with the greatest number is the last.
    -- The numbers below 2^31 are those of pruned runs: see pruned_outcomes.
    2147483648 + row_number() OVER (
        ORDER BY
            artifacts.generated_at ASC NULLS FIRST,
            settled.invocation_id ASC NULLS FIRST,
            settled.command ASC NULLS FIRST
    ) AS run_number
FROM stored.invocations AS invocations
INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = invocations.artifact_key
INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = invocations.artifact_key
LEFT JOIN stored.artifacts AS manifests ON manifests.artifact_key = settled.manifest_key
WHERE settled.is_current;

COMMENT ON VIEW internal.current_runs IS
    'One row per current run_results. The one place that knows which commands execute nodes (rule 3, docs/rules.md).';
