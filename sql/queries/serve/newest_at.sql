-- When the newest artifact was generated: of those up to a time, and of all.
-- parameters: $moment
-- grain: one row
SELECT
    max(generated_at) FILTER (WHERE generated_at <= $moment) AS until,
    max(generated_at) AS newest
FROM stored.artifacts
WHERE error IS NULL
