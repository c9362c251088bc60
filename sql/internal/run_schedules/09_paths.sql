-- The steps of the two critical paths of every run.
-- reads: lengths, waits
-- gives: steps [run, number]

-- From the node that ended last, back along the node that each waited for; the same in the fastest schedule.
walked (run, number, is_observed, depth) AS (
    SELECT run, 4294967295 - CAST(max(finish_order) % 4294967296 AS BIGINT), TRUE, 1
    FROM lengths
    WHERE NOT is_cyclic AND completed_at IS NOT NULL
    GROUP BY run
    UNION ALL
    SELECT run, min(number), FALSE, 1
    FROM lengths
    WHERE finish = total
    GROUP BY run
    UNION ALL
    SELECT
        walked.run,
        CASE WHEN walked.is_observed THEN waits.waited_for ELSE waits.critical_parent END,
        walked.is_observed,
        walked.depth + 1
    FROM walked
    INNER JOIN waits ON waits.run = walked.run AND waits.number = walked.number
    WHERE NOT walked.is_observed OR waits.waited_for IS NOT NULL
),

steps AS (
    SELECT
        run,
        number,
        max(step) FILTER (WHERE is_observed) AS observed_step,
        max(step) FILTER (WHERE NOT is_observed) AS critical_step
    FROM (
        SELECT run, number, is_observed, max(depth) OVER (PARTITION BY run, is_observed) + 1 - depth AS step FROM walked
    )
    GROUP BY run, number
),
