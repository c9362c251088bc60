-- Runs replayed with other numbers of threads: the newest of every job first, of up to 1,000 nodes in all.
-- parameters: $since, $project, $environment, $job
-- grain: invocation_id, command, thread_count
SELECT
    invocation_id,
    command,
    thread_count,
    any_value(elapsed_seconds) AS elapsed_seconds,
    any_value(observed_seconds) AS observed_seconds
FROM v1.simulate_runs(
    (
        SELECT list(kept.invocation_id)
        FROM (
            SELECT invocation_id, sum(executed_count) OVER (ORDER BY age, executed_count DESC, invocation_id) AS total
            FROM (
                SELECT
                    invocation_id,
                    executed_count,
                    row_number() OVER (
                        PARTITION BY project_name, environment, job_name, command
                        ORDER BY generated_at DESC, invocation_id DESC
                    ) AS age
                FROM v1.invocations
                WHERE is_executing
                    AND executed_count >= 2
                    AND ($since IS NULL OR generated_at >= $since)
                    AND ($project IS NULL OR project_name = $project)
                    AND ($environment IS NULL OR environment = $environment)
                    AND ($job IS NULL OR job_name = $job)
            ) AS aged
        ) AS kept
        WHERE kept.total <= 1000
    ),
    [1, 2, 4, 8, 16, 32]
)
GROUP BY invocation_id, command, thread_count
ORDER BY invocation_id, command, thread_count
