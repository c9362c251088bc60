-- The nodes with a problem: failure or warn, by the worst last execution in any environment; but stale where the last
-- check of a source was late.
-- parameters: none
-- grain: unique_id
WITH executed AS (
    SELECT
        unique_id,
        CASE
            WHEN bool_or(status_class = 'failure') THEN 'failure'
            WHEN bool_or(status_class = 'warn') THEN 'warn'
        END AS state
    FROM internal.last_executions
    GROUP BY unique_id
),

stale AS (
    SELECT DISTINCT unique_id, 'stale' AS state
    FROM internal.last_freshness
    WHERE is_stale
)

SELECT coalesce(stale.unique_id, executed.unique_id) AS unique_id, coalesce(stale.state, executed.state) AS state
FROM executed
FULL JOIN stale ON stale.unique_id = executed.unique_id
WHERE stale.state IS NOT NULL OR executed.state IS NOT NULL
