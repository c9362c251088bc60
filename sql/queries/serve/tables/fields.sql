-- What only nodes of some types have: the columns of all tables fields_of_….
-- parameters: none
-- tables: fields_of_exposures (unique_id VARCHAR), fields_of_groups (unique_id VARCHAR), fields_of_macros (unique_id VARCHAR), fields_of_metrics (unique_id VARCHAR), fields_of_saved_queries (unique_id VARCHAR), fields_of_semantic_models (unique_id VARCHAR), fields_of_sources (unique_id VARCHAR), fields_of_tests (unique_id VARCHAR)
-- grain: project_name, environment, unique_id
FROM fields_of_exposures
UNION ALL BY NAME
FROM fields_of_groups
UNION ALL BY NAME
FROM fields_of_macros
UNION ALL BY NAME
FROM fields_of_metrics
UNION ALL BY NAME
FROM fields_of_saved_queries
UNION ALL BY NAME
FROM fields_of_semantic_models
UNION ALL BY NAME
FROM fields_of_sources
UNION ALL BY NAME
FROM fields_of_tests
