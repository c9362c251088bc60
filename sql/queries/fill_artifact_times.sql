-- Fills a column that an earlier release did not have, where the text has the form in which dbt writes a time.
-- parameters: none
-- changes: stored.artifacts
UPDATE stored.artifacts
SET started_at = TRY_CAST(metadata ->> 'invocation_started_at' AS TIMESTAMP)
WHERE started_at IS NULL
    AND regexp_full_match(metadata ->> 'invocation_started_at', '[0-9T:.-]{19,29}Z')
