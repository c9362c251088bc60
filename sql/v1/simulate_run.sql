-- A run replayed with another number of threads: when every node would start and end, by dbt's own rule.
-- grain: invocation_id, command, unique_id
-- since: 0.1
--
-- dbt hands a node to its threads when the last that it waits for is done; a free thread takes what was handed over first,
-- and of what came together the one with the shorter longest chain above it, then the first id. A step of the recursion
-- is a moment in which something ends: it holds what runs, what is ready, and what has only some of its parents done.
-- `threads` NULL means as many as the run itself used. Between two nodes on a thread dbt has work of its own: as much for
-- each as it was on average in the run where the second one was ready before the first was done.
CREATE OR REPLACE MACRO v1.simulate_run(of_invocation, threads) AS TABLE
WITH RECURSIVE schedules AS (
    SELECT
        artifact_key,
        unique_id,
        number,
        level,
        duration,
        parents,
        CAST(coalesce(len(parents), 0) AS BIGINT) AS parent_count,
        thread_id,
        started_at,
        completed_at,
        waited_for_completed_at
    FROM internal.run_schedules(coalesce(CAST(of_invocation AS VARCHAR), ''), NULL)
    WHERE total IS NOT NULL
),

used AS (
    SELECT
        artifact_key,
        count(DISTINCT thread_id) AS thread_count,
        date_diff('microsecond', min(started_at), max(completed_at)) / 1e6 AS observed_seconds
    FROM schedules
    GROUP BY artifact_key
),

gaps AS (
    SELECT artifact_key, CAST(sum(greatest(gap, 0)) // count(*) AS BIGINT) AS handover
    FROM (
        SELECT
            artifact_key,
            waited_for_completed_at,
            lag(completed_at) OVER before AS free_at,
            date_diff('microsecond', lag(started_at) OVER before, started_at) - lag(duration) OVER before AS gap
        FROM schedules
        WINDOW before AS (PARTITION BY artifact_key, thread_id ORDER BY started_at, number)
    )
    WHERE gap IS NOT NULL AND (waited_for_completed_at IS NULL OR waited_for_completed_at <= free_at)
    GROUP BY artifact_key
),

observed AS (
    SELECT
        used.artifact_key,
        greatest(coalesce(CAST(threads AS BIGINT), used.thread_count), 1) AS thread_count,
        used.observed_seconds,
        coalesce(gaps.handover, 0) AS handover
    FROM used
    LEFT JOIN gaps ON gaps.artifact_key = used.artifact_key
),

-- The thread is busy, and what waits for the node waits, until dbt has handled its result.
occupied AS (
    SELECT
        schedules.artifact_key,
        schedules.number,
        schedules.level,
        schedules.duration + observed.handover AS duration,
        schedules.parents,
        schedules.parent_count
    FROM schedules
    INNER JOIN observed ON observed.artifact_key = schedules.artifact_key
),

pool AS (
    SELECT artifact_key, thread_count, unnest(range(1, thread_count + 1)) AS thread_number
    FROM observed
),

waiting AS (
    SELECT artifact_key, number AS child, parent_count, level, duration, unnest(parents) AS parent
    FROM occupied
),

state (artifact_key, clock, number, level, duration, pending, ready_at, started_at, completed_at, thread_number) AS (
    SELECT
        placed.artifact_key,
        CAST(0 AS BIGINT),
        placed.number,
        placed.level,
        placed.duration,
        CAST(0 AS BIGINT),
        CAST(0 AS BIGINT),
        CASE WHEN pool.thread_number IS NOT NULL THEN CAST(0 AS BIGINT) END,
        CASE WHEN pool.thread_number IS NOT NULL THEN placed.duration END,
        pool.thread_number
    FROM (
        SELECT
            artifact_key,
            number,
            level,
            duration,
            row_number() OVER (PARTITION BY artifact_key ORDER BY level, number) AS place
        FROM occupied
        WHERE parent_count = 0
    ) AS placed
    LEFT JOIN pool ON pool.artifact_key = placed.artifact_key AND pool.thread_number = placed.place

    UNION ALL

    SELECT
        placed.artifact_key,
        placed.clock,
        placed.number,
        placed.level,
        placed.duration,
        placed.pending,
        placed.ready_at,
        CASE WHEN free.thread_number IS NOT NULL THEN placed.clock ELSE placed.started_at END,
        CASE WHEN free.thread_number IS NOT NULL THEN placed.clock + placed.duration ELSE placed.completed_at END,
        coalesce(placed.thread_number, free.thread_number)
    FROM (
        SELECT
            artifact_key,
            clock,
            number,
            level,
            duration,
            pending,
            CASE WHEN pending = 0 THEN coalesce(ready_at, clock) END AS ready_at,
            started_at,
            completed_at,
            thread_number,
            CASE
                WHEN pending = 0 AND started_at IS NULL THEN row_number() OVER (
                    PARTITION BY artifact_key, pending = 0 AND started_at IS NULL
                    ORDER BY coalesce(ready_at, clock), level, number
                )
            END AS place
        FROM (
            SELECT
                artifact_key,
                max(clock) AS clock,
                number,
                level,
                duration,
                min(pending) - sum(done) AS pending,
                max(ready_at) AS ready_at,
                max(started_at) AS started_at,
                max(completed_at) AS completed_at,
                max(thread_number) AS thread_number
            FROM (
                SELECT
                    state.artifact_key,
                    clocks.clock,
                    state.number,
                    state.level,
                    state.duration,
                    state.pending,
                    0 AS done,
                    state.ready_at,
                    state.started_at,
                    state.completed_at,
                    state.thread_number
                FROM state
                INNER JOIN (SELECT artifact_key, min(completed_at) AS clock FROM state GROUP BY artifact_key) AS clocks
                    ON clocks.artifact_key = state.artifact_key
                WHERE state.completed_at IS NULL OR state.completed_at > clocks.clock
                UNION ALL
                SELECT
                    state.artifact_key,
                    clocks.clock,
                    waiting.child,
                    waiting.level,
                    waiting.duration,
                    waiting.parent_count,
                    1,
                    NULL,
                    NULL,
                    NULL,
                    NULL
                FROM state
                INNER JOIN (SELECT artifact_key, min(completed_at) AS clock FROM state GROUP BY artifact_key) AS clocks
                    ON clocks.artifact_key = state.artifact_key
                    AND clocks.clock = state.completed_at
                INNER JOIN waiting ON waiting.artifact_key = state.artifact_key AND waiting.parent = state.number
            )
            GROUP BY artifact_key, number, level, duration
        )
    ) AS placed
    LEFT JOIN (
        SELECT
            pool.artifact_key,
            pool.thread_number,
            row_number() OVER (PARTITION BY pool.artifact_key ORDER BY pool.thread_number) AS place
        FROM pool
        INNER JOIN (SELECT artifact_key, min(completed_at) AS clock FROM state GROUP BY artifact_key) AS clocks
            ON clocks.artifact_key = pool.artifact_key
        LEFT JOIN state
            ON state.artifact_key = pool.artifact_key
            AND state.thread_number = pool.thread_number
            AND state.completed_at > clocks.clock
        WHERE state.number IS NULL
    ) AS free
        ON free.artifact_key = placed.artifact_key
        AND free.place = placed.place
),

replayed AS (
    SELECT
        artifact_key,
        number,
        max(thread_number) AS thread_number,
        max(ready_at) AS ready_at,
        max(started_at) AS started_at,
        max(completed_at) AS completed_at
    FROM state
    WHERE started_at IS NOT NULL
    GROUP BY artifact_key, number
)

SELECT
    runs.invocation_id,
    runs.command,
    schedules.unique_id,
    replayed.thread_number,
    replayed.ready_at / 1e6 AS ready_after_seconds,
    replayed.started_at / 1e6 AS started_after_seconds,
    (replayed.completed_at - observed.handover) / 1e6 AS completed_after_seconds,
    observed.thread_count,
    (max(replayed.completed_at) OVER (PARTITION BY replayed.artifact_key) - observed.handover) / 1e6 AS elapsed_seconds,
    observed.observed_seconds
FROM replayed
INNER JOIN schedules ON schedules.artifact_key = replayed.artifact_key AND schedules.number = replayed.number
INNER JOIN observed ON observed.artifact_key = replayed.artifact_key
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = replayed.artifact_key;

COMMENT ON MACRO TABLE v1.simulate_run IS 'One row per node of a run, as it would go with so many threads; elapsed_seconds is when the last one ends, observed_seconds what the run itself took from the first start to the last completion.';
