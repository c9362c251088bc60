-- Stores hashes of the results of each run that is to be pruned, to recognise another file of the run: see
-- internal.split_invocations. For a run that shares its invocation_id it stores all, so that a prune renames no run.
-- For others it stores the 32 that started first. A file that dbt wrote before the end of such a run has one of them,
-- as dbt seldom uses more than 32 threads.
-- parameters: none
-- tables: prunable (artifact_key BIGINT)
-- changes: stored.artifacts
WITH results AS (
    SELECT artifact_key, unique_id, least(compile_started_at, execute_started_at) AS started_at
    FROM stored.node_executions
    WHERE artifact_key IN (SELECT artifact_key FROM prunable)
    UNION ALL
    SELECT artifact_key, unique_id, snapshotted_at
    FROM stored.source_freshness
    WHERE artifact_key IN (SELECT artifact_key FROM prunable)
),

placed AS (
    SELECT
        artifact_key,
        left(md5(concat(unique_id, ' ', started_at)), 16) AS result_key,
        row_number() OVER (PARTITION BY artifact_key ORDER BY started_at NULLS LAST, unique_id) AS place,
        started_at IS NOT NULL OR count(started_at) OVER (PARTITION BY artifact_key) = 0 AS is_comparable
    FROM results
),

kept AS (
    SELECT placed.artifact_key, string_agg(placed.result_key, ' ' ORDER BY placed.place) AS result_keys
    FROM placed
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = placed.artifact_key
    WHERE placed.is_comparable
        AND (
            placed.place <= 32
            OR (artifacts.invocation_id, artifacts.kind) IN (
                SELECT (invocation_id, kind)
                FROM stored.artifacts
                WHERE error IS NULL
                GROUP BY invocation_id, kind
                HAVING count(*) > 1
            )
        )
    GROUP BY placed.artifact_key
)

UPDATE stored.artifacts
SET result_keys = kept.result_keys
FROM kept
WHERE kept.artifact_key = artifacts.artifact_key
