-- Stores counts of the results that are to be pruned, by node, status and day, and the last result of each count.
-- parameters: none
-- tables: prunable (artifact_key BIGINT)
-- changes: stored.pruned_outcomes
WITH results AS (
    SELECT
        *,
        CAST(CAST(generated_at AS DATE) AS TIMESTAMP) AS run_date,
        struct_pack(
            artifact_key := artifact_key, seconds := execution_seconds, failures := failures, message := message
        ) AS last
    FROM internal.classified_executions
    WHERE is_counted
        AND word_class <> 'not_executed'
        AND artifact_key IN (SELECT artifact_key FROM prunable)
)

INSERT INTO stored.pruned_outcomes
SELECT
    unique_id,
    resource_type,
    name,
    status,
    word_class,
    run_date,
    count(*),
    max(completed_at),
    unnest(max_by(last, recency))
FROM results
GROUP BY project_name, environment, unique_id, resource_type, name, status, word_class, run_date
