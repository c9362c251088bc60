-- Every column of every relation, in the order of the relation.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id, name
SELECT
    environments.environment_id,
    columns.unique_id,
    columns.column_name AS name,
    columns.column_index AS index,
    coalesce(columns.description, '') AS description,
    columns.comment,
    columns.data_type AS type,
    coalesce(columns.tags, []) AS tags,
    coalesce(columns.meta, '{}') AS meta
FROM v1.columns AS columns
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM columns.project_name
    AND environments.environment = columns.environment
ORDER BY environments.environment_id, columns.unique_id, columns.column_index NULLS LAST, columns.column_name
