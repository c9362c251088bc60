-- What only sources have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, source_name, source_description, loader, identifier
FROM v1.sources
