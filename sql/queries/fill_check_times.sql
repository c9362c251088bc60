-- Fills two columns that an earlier release did not have, where the texts have the form in which dbt writes a time.
-- parameters: none
-- changes: stored.source_freshness
UPDATE stored.source_freshness
SET
    started_at = TRY_CAST(extra -> 'timing' -> 0 ->> 'started_at' AS TIMESTAMP),
    completed_at = TRY_CAST(extra -> 'timing' -> -1 ->> 'completed_at' AS TIMESTAMP)
WHERE started_at IS NULL
    AND regexp_full_match(extra -> 'timing' -> 0 ->> 'started_at', '[0-9T:.-]{19,29}Z')
    AND regexp_full_match(extra -> 'timing' -> -1 ->> 'completed_at', '[0-9T:.-]{19,29}Z')
