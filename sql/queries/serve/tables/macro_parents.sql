-- The macros that each macro uses.
-- parameters: none
-- tables: nodes (environment_id BIGINT, unique_id VARCHAR, resource_type VARCHAR, parent_macros VARCHAR[])
-- grain: environment_id, unique_id, related_unique_id
SELECT DISTINCT environment_id, unique_id, unnest(parent_macros) AS related_unique_id
FROM nodes
WHERE resource_type = 'macro'
