-- The fastest schedule: when each node could end at the earliest, and how long the longest chain through it is.
-- reads: nodes, shaped_runs, levels, cyclic, acyclic_edges
-- gives: lengths [run, number]

-- Every node of a run. A duration is execution_time, else the span of the timing, else 0.
timed AS (
    SELECT
        nodes.run,
        nodes.number,
        shaped_runs.shape,
        coalesce(levels.level, 0) AS level,
        cyclic.shape IS NOT NULL AS is_cyclic,
        nodes.completed_at,
        CAST(
            coalesce(
                round(nodes.seconds * 1e6), greatest(date_diff('microsecond', nodes.started_at, nodes.completed_at), 0), 0
            ) AS BIGINT
        ) AS duration,
        CAST(date_diff('microsecond', TIMESTAMP '0001-01-01', nodes.completed_at) AS HUGEINT) * 4294967296
        + 4294967295 - nodes.number AS finish_order
    FROM nodes
    INNER JOIN shaped_runs ON shaped_runs.run = nodes.run
    LEFT JOIN levels ON levels.shape = shaped_runs.shape AND levels.number = nodes.number
    LEFT JOIN cyclic ON cyclic.shape = shaped_runs.shape
),

-- The earliest end of every node: the longest chain of times down to it. Step N has the chains of N edges.
forward (run, shape, number, level, finish) AS (
    SELECT run, shape, number, 0, duration
    FROM timed
    WHERE level = 0
    UNION ALL
    SELECT timed.run, timed.shape, timed.number, reached.level, reached.start + timed.duration
    FROM (
        SELECT forward.run, acyclic_edges.child, forward.level + 1 AS level, max(forward.finish) AS start
        FROM forward
        INNER JOIN acyclic_edges ON acyclic_edges.shape = forward.shape AND acyclic_edges.parent = forward.number
        GROUP BY forward.run, acyclic_edges.child, forward.level
    ) AS reached
    INNER JOIN timed ON timed.run = reached.run AND timed.number = reached.child
),

-- The same in the other direction: the longest chain of times from every node on, its own time included.
backward (run, shape, number, step, remaining) AS (
    SELECT run, shape, number, 0, duration
    FROM timed
    WHERE (shape, number) NOT IN (SELECT (shape, parent) FROM acyclic_edges)
    UNION ALL
    SELECT timed.run, timed.shape, timed.number, reached.step, reached.remaining + timed.duration
    FROM (
        SELECT backward.run, acyclic_edges.parent, backward.step + 1 AS step, max(backward.remaining) AS remaining
        FROM backward
        INNER JOIN acyclic_edges ON acyclic_edges.shape = backward.shape AND acyclic_edges.child = backward.number
        GROUP BY backward.run, acyclic_edges.parent, backward.step
    ) AS reached
    INNER JOIN timed ON timed.run = reached.run AND timed.number = reached.parent
),

lengths AS (
    SELECT
        timed.run,
        timed.number,
        timed.run * 4294967296 + timed.number AS node,
        timed.shape,
        timed.level,
        timed.completed_at,
        timed.finish_order,
        timed.duration,
        timed.is_cyclic,
        heads.finish,
        heads.finish + tails.remaining - timed.duration AS through,
        max(heads.finish) OVER (PARTITION BY timed.run) AS total
    FROM timed
    LEFT JOIN (SELECT run, number, max(finish) AS finish FROM forward GROUP BY run, number) AS heads
        ON heads.run = timed.run
        AND heads.number = timed.number
        AND NOT timed.is_cyclic
    LEFT JOIN (SELECT run, number, max(remaining) AS remaining FROM backward GROUP BY run, number) AS tails
        ON tails.run = timed.run
        AND tails.number = timed.number
),
