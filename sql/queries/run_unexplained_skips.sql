-- What one run skipped, with no failure above it that is known.
-- parameters: $run, $command
-- grain: unique_id
SELECT unique_id
FROM v1.skips
WHERE invocation_id = $run AND command = $command AND failed_unique_id IS NULL
ORDER BY unique_id
