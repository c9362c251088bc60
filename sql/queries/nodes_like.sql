-- The first nodes whose unique_id contains a text; where there is none, those whose name or unique_id is similar.
-- A similarity of 0.9 (https://en.wikipedia.org/wiki/Jaro–Winkler_distance) lets one letter in ten differ.
-- parameters: $node
-- literals: $time
-- grain: unique_id
WITH nodes AS (
    SELECT DISTINCT
        unique_id,
        contains(unique_id, $node) AS contains_text,
        greatest(
            jaro_winkler_similarity(lower(unique_id), lower($node)), jaro_winkler_similarity(lower(name), lower($node))
        ) AS similarity
    FROM internal.graph_nodes
    WHERE resource_type NOT IN ('macro', 'doc', 'group')
        AND graph_id IN (
            SELECT graph_id
            FROM internal.manifest_periods
            WHERE valid_from <= $time AND (valid_to IS NULL OR $time < valid_to)
        )
)

SELECT unique_id
FROM nodes
WHERE contains_text OR similarity >= 0.9
QUALIFY contains_text = bool_or(contains_text) OVER ()
ORDER BY
    CASE WHEN NOT contains_text THEN similarity END DESC NULLS LAST,
    unique_id
LIMIT 10
