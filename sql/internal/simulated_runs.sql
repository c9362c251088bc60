-- Runs replayed with other numbers of threads: when every node would start and end, by dbt's rule of scheduling.
-- grain: invocation_id, command, unique_id, thread_count
--
-- dbt hands a node to its threads when the last node that it waits for is done. A free thread takes the node that was
-- handed over first; of several handed over together, the one with the shorter longest chain above it, then the first
-- id. The recursion goes from one moment in which a node ends to the next. It carries the nodes that run, the nodes
-- that are ready, and the nodes of which only some parents are done. Each run is replayed with each of
-- `thread_counts`, in which NULL stands for as many threads as the run itself used. Between two nodes on a thread dbt
-- works for itself. This takes as long as in the run, on average over the pairs of nodes of a thread where the second
-- was ready before the first was done.
CREATE OR REPLACE MACRO internal.simulated_runs(of_invocations, thread_counts) AS TABLE
WITH RECURSIVE schedules AS (
    SELECT
        artifact_key,
        unique_id,
        number,
        level,
        duration,
        parents,
        CAST(coalesce(array_length(parents), 0) AS BIGINT) AS parent_count,
        thread_id,
        started_at,
        completed_at,
        waited_for_completed_at
    FROM internal.run_schedules(of_invocations, NULL)
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
        WINDOW before AS (PARTITION BY artifact_key, thread_id ORDER BY started_at ASC, number ASC)
    )
    WHERE gap IS NOT NULL AND (waited_for_completed_at IS NULL OR waited_for_completed_at <= free_at)
    GROUP BY artifact_key
),

observed AS (
    SELECT DISTINCT
        used.artifact_key,
        greatest(coalesce(asked.threads, used.thread_count), 1) AS thread_count,
        used.observed_seconds,
        coalesce(gaps.handover, 0) AS handover
    FROM used
    CROSS JOIN (SELECT unnest(CAST(thread_counts AS BIGINT[])) AS threads) AS asked
    LEFT JOIN gaps ON gaps.artifact_key = used.artifact_key
),

-- The thread stays busy, and the nodes that wait for the node go on waiting, until dbt has handled its result.
occupied AS (
    SELECT
        schedules.artifact_key,
        observed.thread_count,
        schedules.number,
        schedules.level,
        schedules.duration + observed.handover AS duration,
        schedules.parents,
        schedules.parent_count
    FROM schedules
    INNER JOIN observed ON observed.artifact_key = schedules.artifact_key
),

waiting AS (
    SELECT artifact_key, thread_count, number AS child, parent_count, level, duration, unnest(parents) AS parent
    FROM occupied
),

-- `pending` is the number of parents that are not done, `next_at` the next moment in which a running node ends.
moments (artifact_key, thread_count, moment, number, level, duration, pending, ready_at, started_at, next_at) AS (
    SELECT
        artifact_key,
        thread_count,
        0,
        number,
        level,
        duration,
        CAST(0 AS BIGINT),
        CAST(0 AS BIGINT),
        CAST(NULL AS BIGINT),
        CAST(0 AS BIGINT)
    FROM occupied
    WHERE parent_count = 0

    UNION ALL

    SELECT
        artifact_key,
        thread_count,
        moment + 1,
        number,
        level,
        duration,
        pending,
        ready_at,
        started_at,
        min(started_at + duration) OVER (PARTITION BY artifact_key, thread_count)
    FROM (
        SELECT
            artifact_key,
            thread_count,
            moment,
            number,
            level,
            duration,
            pending,
            ready_at,
            CASE
                WHEN pending = 0 AND row_number() OVER (
                    PARTITION BY artifact_key, thread_count
                    ORDER BY pending > 0 ASC, started_at ASC NULLS LAST, ready_at ASC, level ASC, number ASC
                ) <= thread_count THEN coalesce(started_at, clock)
            END AS started_at
        FROM (
            SELECT
                artifact_key,
                thread_count,
                max(moment) AS moment,
                max(clock) AS clock,
                number,
                max(level) AS level,
                max(duration) AS duration,
                min(pending) - count(done) AS pending,
                CASE WHEN min(pending) = count(done) THEN coalesce(max(ready_at), max(clock)) END AS ready_at,
                max(started_at) AS started_at
            FROM (
                SELECT
                    artifact_key,
                    thread_count,
                    moment,
                    next_at AS clock,
                    number,
                    level,
                    duration,
                    pending,
                    NULL AS done,
                    ready_at,
                    started_at
                FROM moments
                WHERE next_at IS NOT NULL AND (started_at IS NULL OR started_at + duration > next_at)
                UNION ALL
                SELECT
                    moments.artifact_key,
                    moments.thread_count,
                    moments.moment,
                    moments.next_at,
                    waiting.child,
                    waiting.level,
                    waiting.duration,
                    waiting.parent_count,
                    waiting.parent,
                    NULL,
                    NULL
                FROM moments
                INNER JOIN waiting
                    ON waiting.artifact_key = moments.artifact_key
                    AND waiting.thread_count = moments.thread_count
                    AND waiting.parent = moments.number
                WHERE moments.started_at + moments.duration = moments.next_at
            )
            GROUP BY artifact_key, thread_count, number
        )
    )
),

starts AS (
    SELECT
        artifact_key,
        thread_count,
        number,
        ready_at,
        started_at,
        started_at + duration AS completed_at,
        row_number() OVER (
            PARTITION BY artifact_key, thread_count ORDER BY min(moment) ASC, ready_at ASC, level ASC, number ASC
        ) AS turn
    FROM moments
    WHERE started_at IS NOT NULL
    GROUP BY artifact_key, thread_count, number, level, duration, ready_at, started_at
),

-- Of several free threads, the one that has been free for the longest time takes the next node.
turns AS (
    SELECT
        artifact_key,
        thread_count,
        turn,
        thread_count + row_number() OVER (
            PARTITION BY artifact_key, thread_count ORDER BY completed_at ASC, turn ASC
        ) AS next_turn
    FROM starts
),

threads_of_turns (artifact_key, thread_count, turn, thread_number) AS (
    SELECT artifact_key, thread_count, turn, turn
    FROM starts
    WHERE turn <= thread_count
    UNION ALL
    SELECT turns.artifact_key, turns.thread_count, turns.next_turn, threads_of_turns.thread_number
    FROM threads_of_turns
    INNER JOIN turns
        ON turns.artifact_key = threads_of_turns.artifact_key
        AND turns.thread_count = threads_of_turns.thread_count
        AND turns.turn = threads_of_turns.turn
),

replayed AS (
    SELECT
        starts.artifact_key,
        starts.thread_count,
        starts.number,
        threads_of_turns.thread_number,
        starts.ready_at,
        starts.started_at,
        starts.completed_at
    FROM starts
    INNER JOIN threads_of_turns
        ON threads_of_turns.artifact_key = starts.artifact_key
        AND threads_of_turns.thread_count = starts.thread_count
        AND threads_of_turns.turn = starts.turn
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
    (
        max(replayed.completed_at) OVER (PARTITION BY replayed.artifact_key, replayed.thread_count) - observed.handover
    ) / 1e6 AS elapsed_seconds,
    observed.observed_seconds
FROM replayed
INNER JOIN schedules ON schedules.artifact_key = replayed.artifact_key AND schedules.number = replayed.number
INNER JOIN observed
    ON observed.artifact_key = replayed.artifact_key
    AND observed.thread_count = replayed.thread_count
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = replayed.artifact_key;

COMMENT ON MACRO TABLE internal.simulated_runs IS 'One row per node of a run and number of threads, as the run would be with that many.';
