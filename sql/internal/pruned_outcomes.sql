-- How often every node had which status on each day, over the results of pruned runs, and what the last result said.
-- grain: project_name, environment, unique_id, status, run_date, last_artifact_key
--
-- The labels are the present labels of the last run. Its number orders pruned runs as current_runs orders the others.
CREATE OR REPLACE VIEW internal.pruned_outcomes AS
WITH runs AS (
    SELECT
        artifacts.artifact_key,
        settled.invocation_id,
        settled.command,
        artifacts.generated_at,
        settled.project_name,
        settled.environment,
        row_number() OVER (
            ORDER BY
                artifacts.generated_at ASC NULLS FIRST,
                settled.invocation_id ASC NULLS FIRST,
                settled.command ASC NULLS FIRST
        ) AS run_number
    FROM stored.artifacts AS artifacts
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
    WHERE artifacts.pruned_at IS NOT NULL AND artifacts.kind IN ('run_results', 'telemetry', 'information_schema')
)

SELECT
    runs.project_name,
    runs.environment,
    outcomes.unique_id,
    outcomes.resource_type,
    outcomes.name,
    outcomes.status,
    outcomes.status_class,
    CAST(outcomes.run_date AS DATE) AS run_date,
    outcomes.result_count,
    outcomes.last_completed_at,
    outcomes.last_artifact_key,
    outcomes.last_execution_seconds,
    outcomes.last_failures,
    outcomes.last_message,
    runs.invocation_id,
    runs.command,
    runs.generated_at,
    runs.run_number,
    CAST(date_diff('microsecond', TIMESTAMP '0001-01-01', outcomes.last_completed_at) AS HUGEINT) * 4294967296
    + runs.run_number AS last_recency
FROM stored.pruned_outcomes AS outcomes
INNER JOIN runs ON runs.artifact_key = outcomes.last_artifact_key;

COMMENT ON VIEW internal.pruned_outcomes IS 'One row per node, status, day and prune: counts, and the last result with its run.';
