-- Where the time goes: what each node took in all and its share, whether it is slower than it was, and how much of its
-- work had no effect. Its times are those of rule 5; the last two columns of times are of the whole history.
-- parameters: $project, $environment, $job, $since, $limit
-- grain: project_name, environment, unique_id
WITH executed AS (
    SELECT
        *,
        -- Whole femtoseconds add up exactly in any order.
        CAST(round(execution_seconds * 1e15) AS HUGEINT) AS femtoseconds
    FROM v1.node_executions
    WHERE is_executed
        AND status_class IN ('success', 'warn')
        AND NOT coalesce(is_empty, FALSE)
        AND NOT coalesce(is_sample, FALSE)
        AND execution_seconds BETWEEN 0 AND 1e9
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
        AND ($job IS NULL OR job_name = $job)
        AND ($since IS NULL OR run_generated_at >= $since)
),

times AS (
    SELECT
        project_name,
        environment,
        unique_id,
        arg_max(resource_type, run_generated_at) AS resource_type,
        arg_max(name, run_generated_at) AS name,
        arg_max(materialized, run_generated_at) AS materialized,
        count(*) AS execution_count,
        sum(femtoseconds) AS femtoseconds,
        median(execution_seconds) AS median_seconds,
        max(execution_seconds) AS longest_seconds,
        arg_max(execution_seconds, run_generated_at) AS last_seconds,
        max(run_generated_at) AS last_executed_at
    FROM executed
    GROUP BY project_name, environment, unique_id
),

slower AS (
    SELECT
        project_name,
        environment,
        unique_id,
        max(slowdown_ratio) AS slowdown_ratio,
        arg_max(began_at, slowdown_ratio) AS slower_since_at,
        arg_max(changes, slowdown_ratio) AS slower_with
    FROM v1.execution_time_regressions
    WHERE ended_at IS NULL
    GROUP BY project_name, environment, unique_id
)

SELECT
    times.environment,
    coalesce(times.name, times.unique_id) AS name,
    CAST(times.femtoseconds AS DOUBLE) / 1e15 AS total_seconds,
    CAST(times.femtoseconds AS DOUBLE)
    / nullif(CAST(sum(times.femtoseconds) OVER () AS DOUBLE), 0) AS share_rate,
    times.execution_count,
    times.median_seconds,
    slower.slowdown_ratio AS slower_ratio,
    waste.wasted_rate,
    times.last_seconds,
    times.resource_type,
    waste.reason AS waste_reason,
    slower.slower_since_at,
    slower.slower_with,
    times.longest_seconds,
    times.materialized,
    times.last_executed_at,
    waste.wasted_seconds,
    times.unique_id,
    times.project_name
FROM times
LEFT JOIN slower
    ON slower.project_name IS NOT DISTINCT FROM times.project_name
    AND slower.environment = times.environment
    AND slower.unique_id = times.unique_id
LEFT JOIN v1.materialization_waste AS waste
    ON waste.project_name IS NOT DISTINCT FROM times.project_name
    AND waste.environment = times.environment
    AND waste.unique_id = times.unique_id
    AND waste.wasted_count > 0
ORDER BY times.femtoseconds DESC, times.project_name, times.environment, times.unique_id
LIMIT $limit
