-- When the newest row of each source was loaded, as of the end of each executing run.
-- grain: artifact_key, unique_id
--
-- It is the max_loaded_at of the first check after the run. Where that is not later than an earlier time, nothing was
-- loaded since that time.
CREATE OR REPLACE VIEW internal.source_loads AS
WITH found AS (
    SELECT project_name, environment, unique_id, snapshotted_at, max(max_loaded_at) AS max_loaded_at
    FROM v1.source_freshness
    WHERE snapshotted_at IS NOT NULL AND max_loaded_at IS NOT NULL
    GROUP BY project_name, environment, unique_id, snapshotted_at
),

-- A source whose max_loaded_at is earlier than at the check before was refilled, at the latest when it was checked.
checks AS (
    SELECT
        project_name,
        environment,
        unique_id,
        snapshotted_at,
        CASE
            WHEN max_loaded_at < lag(max_loaded_at) OVER (
                PARTITION BY project_name, environment, unique_id ORDER BY snapshotted_at ASC
            )
                THEN snapshotted_at
            ELSE max_loaded_at
        END AS max_loaded_at
    FROM found
),

events AS (
    SELECT
        project_name,
        environment,
        unique_id,
        snapshotted_at AS happened_at,
        2 AS place,
        max_loaded_at,
        CAST(NULL AS BIGINT) AS artifact_key
    FROM checks
    UNION ALL
    SELECT
        sources.project_name,
        sources.environment,
        sources.unique_id,
        runs.generated_at AS happened_at,
        1 AS place,
        CAST(NULL AS TIMESTAMP) AS max_loaded_at,
        runs.artifact_key
    FROM (SELECT DISTINCT project_name, environment, unique_id FROM checks) AS sources
    INNER JOIN internal.current_runs AS runs
        ON runs.project_name IS NOT DISTINCT FROM sources.project_name
        AND runs.environment = sources.environment
    WHERE runs.is_executing AND NOT runs.is_aborted
),

followed AS (
    SELECT
        artifact_key,
        unique_id,
        first_value(max_loaded_at IGNORE NULLS) OVER (
            PARTITION BY project_name, environment, unique_id
            ORDER BY happened_at ASC, place ASC
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS max_loaded_at
    FROM events
)

SELECT artifact_key, unique_id, max_loaded_at
FROM followed
WHERE artifact_key IS NOT NULL AND max_loaded_at IS NOT NULL;

COMMENT ON VIEW internal.source_loads IS 'One row per run and source of its project that was checked at or after the run''s end.';
