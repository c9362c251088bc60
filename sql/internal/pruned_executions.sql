-- What is known of the last executed result of every node that was pruned.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.pruned_executions AS
WITH executed AS (
    SELECT
        project_name,
        environment,
        unique_id,
        status_class,
        last_artifact_key,
        struct_pack(at := last_completed_at, artifact_key := last_artifact_key) AS recency,
        struct_pack(
            artifact_key := last_artifact_key,
            execution_seconds := last_execution_seconds,
            failures := last_failures,
            message := last_message
        ) AS last
    FROM stored.pruned_outcomes
    WHERE status_class IN ('success', 'warn', 'failure')
),

lasts AS (
    SELECT
        project_name,
        environment,
        unique_id,
        arg_max(last, recency) AS last,
        arg_max(last_artifact_key, recency) FILTER (WHERE status_class <> 'failure') AS last_success_artifact_key
    FROM executed
    GROUP BY project_name, environment, unique_id
)

SELECT
    lasts.project_name,
    lasts.environment,
    lasts.unique_id,
    runs.invocation_id,
    runs.command,
    runs.generated_at,
    lasts.last.execution_seconds AS execution_seconds,
    lasts.last.failures AS failures,
    lasts.last.message AS message,
    success_runs.invocation_id AS last_success_invocation_id
FROM lasts
LEFT JOIN stored.artifacts AS runs ON runs.artifact_key = lasts.last.artifact_key
LEFT JOIN stored.artifacts AS success_runs ON success_runs.artifact_key = lasts.last_success_artifact_key;

COMMENT ON VIEW internal.pruned_executions IS
    'One row per node with pruned results that were executed: the last of them, which counts where no later one is left.';
