-- New, changed and removed definitions within a time, the newest first.
-- parameters: $project, $environment, $since, $until, $limit, $offset
-- grain: unique_id, changed_at, change
WITH first_seen AS (
    SELECT min(valid_from) AS first_at
    FROM v1.definitions
    WHERE project_name IS NOT DISTINCT FROM $project AND environment = $environment
),

changes AS (
    SELECT
        unique_id,
        valid_from AS changed_at,
        CASE WHEN previous_definition_id IS NULL THEN 'added' ELSE 'changed' END AS change,
        changed_fields
    FROM v1.definitions
    WHERE project_name IS NOT DISTINCT FROM $project
        AND environment = $environment
        AND valid_from > (SELECT first_at FROM first_seen)
    UNION ALL
    SELECT removed.unique_id, removed.valid_to, 'removed', NULL
    FROM v1.definitions AS removed
    LEFT JOIN v1.definitions AS later
        ON later.project_name IS NOT DISTINCT FROM removed.project_name
        AND later.environment = removed.environment
        AND later.unique_id = removed.unique_id
        AND later.valid_from >= removed.valid_to
    WHERE removed.project_name IS NOT DISTINCT FROM $project
        AND removed.environment = $environment
        AND removed.valid_to IS NOT NULL
        AND later.unique_id IS NULL
)

SELECT unique_id, changed_at, change, changed_fields
FROM changes
WHERE ($since IS NULL OR changed_at >= $since) AND ($until IS NULL OR changed_at < $until)
ORDER BY changed_at DESC, unique_id
LIMIT $limit OFFSET $offset
