-- Every executed result with its place in the schedule of its run.
-- reads: results, numbered, lengths, waits, around, steps
-- gives: the rows of the macro [artifact_key, unique_id]

schedules AS (
    SELECT
        lengths.run,
        lengths.number,
        lengths.level,
        lengths.duration,
        lengths.finish,
        lengths.total,
        lengths.total - lengths.through AS slack,
        CASE
            WHEN lengths.through < lengths.total OR around.critical_count > 1 THEN 0
            WHEN lengths.through = lengths.total THEN least(lengths.duration, lengths.total - around.through)
        END AS drag,
        waited.unique_id AS waited_for_unique_id,
        waited_lengths.completed_at AS waited_for_completed_at,
        waits.parents,
        steps.observed_step,
        steps.critical_step
    FROM lengths
    LEFT JOIN around ON around.run = lengths.run AND around.level = lengths.level
    LEFT JOIN waits ON waits.run = lengths.run AND waits.number = lengths.number
    LEFT JOIN numbered AS waited ON waited.number = waits.waited_for
    LEFT JOIN lengths AS waited_lengths
        ON waited_lengths.run = lengths.run
        AND waited_lengths.number = waits.waited_for
    LEFT JOIN steps ON steps.run = lengths.run AND steps.number = lengths.number
)

SELECT
    results.artifact_key,
    results.unique_id,
    results.resource_type,
    results.is_node,
    results.status,
    results.thread_id,
    results.seconds,
    coalesce(
        results.started_at, results.completed_at - to_microseconds(CAST(round(results.seconds * 1e6) AS BIGINT))
    ) AS started_at,
    results.completed_at,
    results.compile_started_at,
    results.compile_completed_at,
    results.execute_started_at,
    results.execute_completed_at,
    numbered.number,
    schedules.level,
    schedules.duration,
    schedules.finish,
    schedules.total,
    schedules.slack,
    schedules.drag,
    schedules.waited_for_unique_id,
    schedules.waited_for_completed_at,
    schedules.parents,
    schedules.observed_step,
    schedules.critical_step
FROM results
INNER JOIN numbered ON numbered.unique_id = results.unique_id
LEFT JOIN schedules ON schedules.run = results.run AND schedules.number = numbered.number AND results.is_node;

COMMENT ON MACRO TABLE internal.run_schedules IS 'One row per executed result: what it waited for, and the fastest schedule.';
