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
        count(*) AS node_count,
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
    SELECT
        row_number() OVER (ORDER BY used.artifact_key ASC, asked.thread_count ASC) AS simulation,
        used.artifact_key,
        asked.thread_count,
        used.node_count,
        used.observed_seconds,
        coalesce(gaps.handover, 0) AS handover
    FROM used
    INNER JOIN (
        SELECT DISTINCT used.artifact_key, greatest(coalesce(asked.threads, used.thread_count), 1) AS thread_count
        FROM used
        CROSS JOIN (SELECT unnest(CAST(thread_counts AS BIGINT[])) AS threads) AS asked
    ) AS asked ON asked.artifact_key = used.artifact_key
    LEFT JOIN gaps ON gaps.artifact_key = used.artifact_key
),

-- The thread stays busy, and the nodes that wait for the node go on waiting, until dbt has handled its result. `place`
-- is the order of nodes that are handed over together. No more threads can be busy than there are nodes.
occupied AS (
    SELECT
        observed.simulation,
        least(observed.thread_count, observed.node_count) AS thread_count,
        schedules.number,
        row_number() OVER (PARTITION BY observed.simulation ORDER BY schedules.level ASC, schedules.number ASC) AS place,
        schedules.duration + observed.handover AS duration,
        schedules.parents,
        schedules.parent_count
    FROM schedules
    INNER JOIN observed ON observed.artifact_key = schedules.artifact_key
),

waiting AS (
    SELECT simulation, thread_count, number AS child, place, duration, parent_count, unnest(parents) AS parent
    FROM occupied
),

-- `pending` is the number of parents that are not done. A step groups and joins: DuckDB takes 0.1 ms for each partition
-- of a window, and there are as many steps as moments.
moments (simulation, thread_count, number, place, duration, pending, ready_at, started_at, moment) AS (
    SELECT
        simulation,
        thread_count,
        number,
        place,
        duration,
        CAST(0 AS BIGINT),
        CAST(0 AS BIGINT),
        CASE WHEN row_number() OVER (PARTITION BY simulation ORDER BY place ASC) <= thread_count THEN CAST(0 AS BIGINT) END,
        0
    FROM occupied
    WHERE parent_count = 0

    UNION ALL

    (
        -- When the next node ends.
        WITH clocks AS (
            SELECT simulation, min(started_at + duration) AS clock
            FROM moments
            GROUP BY simulation
        ),

        -- The nodes that go on, and a row for each edge from a node that ends.
        events AS (
            SELECT
                moments.simulation,
                moments.thread_count,
                moments.number,
                moments.place,
                moments.duration,
                moments.pending,
                NULL AS done,
                moments.ready_at,
                moments.started_at,
                clocks.clock,
                moments.moment + 1 AS moment
            FROM moments
            INNER JOIN clocks ON clocks.simulation = moments.simulation
            WHERE moments.started_at IS NULL OR moments.started_at + moments.duration > clocks.clock
            UNION ALL
            SELECT
                waiting.simulation,
                waiting.thread_count,
                waiting.child,
                waiting.place,
                waiting.duration,
                waiting.parent_count,
                waiting.parent,
                NULL,
                NULL,
                clocks.clock,
                moments.moment + 1
            FROM moments
            INNER JOIN clocks
                ON clocks.simulation = moments.simulation
                AND clocks.clock = moments.started_at + moments.duration
            INNER JOIN waiting ON waiting.simulation = moments.simulation AND waiting.parent = moments.number
        ),

        nodes AS (
            SELECT
                simulation,
                number,
                max(thread_count) AS thread_count,
                max(place) AS place,
                max(duration) AS duration,
                min(pending) - count(done) AS pending,
                CASE WHEN min(pending) = count(done) THEN coalesce(max(ready_at), max(clock)) END AS ready_at,
                max(started_at) AS started_at,
                max(clock) AS clock,
                max(moment) AS moment
            FROM events
            GROUP BY simulation, number
        ),

        -- `turn` orders the nodes that need a thread: first those that run, then those that are ready.
        queued AS (
            SELECT
                *,
                CASE
                    WHEN started_at IS NOT NULL THEN -1
                    WHEN pending = 0 THEN CAST(ready_at AS HUGEINT) * 4294967296 + place
                END AS turn
            FROM nodes
        ),

        -- The turn of the last node that has a thread.
        limits AS (
            SELECT simulation, list_last(min(turn, thread_count)) AS turn
            FROM queued
            GROUP BY simulation
        )

        SELECT
            queued.simulation,
            queued.thread_count,
            queued.number,
            queued.place,
            queued.duration,
            queued.pending,
            queued.ready_at,
            CASE WHEN queued.turn <= limits.turn THEN coalesce(queued.started_at, queued.clock) END,
            queued.moment
        FROM queued
        LEFT JOIN limits ON limits.simulation = queued.simulation
    )
),

starts AS (
    SELECT
        simulation,
        thread_count,
        number,
        place,
        ready_at,
        started_at,
        started_at + duration AS completed_at,
        row_number() OVER (PARTITION BY simulation ORDER BY min(moment) ASC, ready_at ASC, place ASC) AS turn
    FROM moments
    WHERE started_at IS NOT NULL
    GROUP BY simulation, thread_count, number, place, duration, ready_at, started_at
),

-- Of several free threads, the one that has been free for the longest time takes the next node.
turns AS (
    SELECT
        simulation,
        turn,
        thread_count + row_number() OVER (PARTITION BY simulation ORDER BY completed_at ASC, turn ASC) AS next_turn
    FROM starts
),

threads_of_turns (simulation, turn, thread_number) AS (
    SELECT simulation, turn, turn
    FROM starts
    WHERE turn <= thread_count
    UNION ALL
    SELECT turns.simulation, turns.next_turn, threads_of_turns.thread_number
    FROM threads_of_turns
    INNER JOIN turns ON turns.simulation = threads_of_turns.simulation AND turns.turn = threads_of_turns.turn
),

replayed AS (
    SELECT
        observed.artifact_key,
        observed.thread_count,
        observed.observed_seconds,
        starts.number,
        threads_of_turns.thread_number,
        starts.ready_at,
        starts.started_at,
        starts.completed_at - observed.handover AS completed_at,
        max(starts.completed_at) OVER (PARTITION BY starts.simulation) - observed.handover AS elapsed
    FROM starts
    INNER JOIN observed ON observed.simulation = starts.simulation
    INNER JOIN threads_of_turns
        ON threads_of_turns.simulation = starts.simulation
        AND threads_of_turns.turn = starts.turn
)

SELECT
    runs.invocation_id,
    runs.command,
    schedules.unique_id,
    replayed.thread_number,
    replayed.ready_at / 1e6 AS ready_after_seconds,
    replayed.started_at / 1e6 AS started_after_seconds,
    replayed.completed_at / 1e6 AS completed_after_seconds,
    replayed.thread_count,
    replayed.elapsed / 1e6 AS elapsed_seconds,
    replayed.observed_seconds
FROM replayed
INNER JOIN schedules ON schedules.artifact_key = replayed.artifact_key AND schedules.number = replayed.number
INNER JOIN internal.current_runs AS runs ON runs.artifact_key = replayed.artifact_key;

COMMENT ON MACRO TABLE internal.simulated_runs IS 'One row per node of a run and number of threads, as the run would be with that many.';
