-- What only semantic models have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, label, entities, dimensions, measures
FROM v1.semantic_models
